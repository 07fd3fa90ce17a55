// SPDX-License-Identifier: Apache-2.0
// A packet socket on an interface that is there: one end of a veth, or a physical NIC of a lab
// host. The kernel takes VLAN tags out of the data and may leave checksums to hardware that does
// not exist; both are told beside the frame (packet(7), PACKET_AUXDATA): tags are put back, frames
// without a checksum are counted, because their receiver will drop them.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "workers/network/switch/frame.hpp"
#include "workers/network/switch/port.hpp"

namespace seatrial::network {
namespace {

constexpr int kBatch = 16;
constexpr int kReceiveBuffer = 8 << 20;

class PacketPort final : public PortIo {
 public:
  PacketPort(Loop& loop, io::UniqueFd fd, std::string interface, Take take)
      : fd_(std::move(fd)),
        interface_(std::move(interface)),
        take_(std::move(take)),
        data_(kBatch * kLargestFrame, '\0') {
    watched_ = Loop::Watched(loop, fd_.get(), EPOLLIN, [this](std::uint32_t) { receive(); });
  }

  bool connected() const override { return true; }
  bool send(std::string_view frame) override {
    if (::send(fd_.get(), frame.data(), frame.size(), MSG_DONTWAIT) >= 0) return true;
    ++write_errors_;
    return false;
  }
  void describe(nlohmann::json& into) override {
    tpacket_stats stats{};
    socklen_t size = sizeof stats;  // reading them sets them to 0
    if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
      kernel_drops_ += stats.tp_drops;
    into["interface"] = interface_;
    into["write_errors"] = write_errors_;
    into["partial_checksums"] = partial_checksums_;
    into["oversize"] = oversize_;
    into["kernel_drops"] = kernel_drops_;
  }

 private:
  void receive() {
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> parts{};
    std::array<std::array<char, 128>, kBatch> aside;
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {data_.data() + i * kLargestFrame, kLargestFrame};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = aside[i].data();
      messages[i].msg_hdr.msg_controllen = aside[i].size();
    }
    const int n = ::recvmmsg(fd_.get(), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < n; ++i)
      take(std::string_view(static_cast<const char*>(parts[i].iov_base), messages[i].msg_len),
           messages[i].msg_hdr);
  }

  void take(std::string_view frame, msghdr& header) {
    if (frame.size() > kLargestOnWire) ++oversize_;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
      tpacket_auxdata aux;
      std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
      if (aux.tp_status & TP_STATUS_CSUMNOTREADY) ++partial_checksums_;
      if (!(aux.tp_status & TP_STATUS_VLAN_VALID) || frame.size() < kEthernetHeader) continue;
      const bool known = (aux.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
      take_(with_tag(frame, aux.tp_vlan_tci, known ? aux.tp_vlan_tpid : 0x8100));
      return;
    }
    take_(frame);
  }

  io::UniqueFd fd_;
  std::string interface_;
  Take take_;
  std::string data_;
  Loop::Watched watched_;
  std::uint64_t write_errors_ = 0, partial_checksums_ = 0, oversize_ = 0, kernel_drops_ = 0;
};

}  // namespace

Result<std::unique_ptr<PortIo>> make_packet_port(Loop& loop, const PortSettings& settings,
                                                 PortIo::Take take) {
  const auto index = ::if_nametoindex(settings.interface.c_str());
  if (index == 0)
    return port_failure(settings, "find the interface", errno,
                        "`ip link` lists what is in this network namespace");
  // protocol 0: nothing arrives before the socket is bound to its interface
  io::UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd)
    return port_failure(settings, "open a packet socket", errno,
                        "it takes CAP_NET_RAW: run as root, or in a user namespace");
  const int one = 1, room = kReceiveBuffer;
  // the first takes a privilege of the host, the second is cut at rmem_max
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  for (const int option : {PACKET_IGNORE_OUTGOING, PACKET_AUXDATA})
    if (::setsockopt(fd.get(), SOL_PACKET, option, &one, sizeof one) != 0)
      return port_failure(settings, "set up the packet socket", errno, "Linux 4.20 is needed");
  packet_mreq everything{};
  everything.mr_ifindex = static_cast<int>(index);
  everything.mr_type = PACKET_MR_PROMISC;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(index);
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &everything, sizeof everything) !=
          0 ||
      ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return port_failure(settings, "listen on the interface", errno, "check that it is still there");
  return std::make_unique<PacketPort>(loop, std::move(fd), settings.interface, std::move(take));
}

}  // namespace seatrial::network
