// SPDX-License-Identifier: Apache-2.0
// lab_dut SOCKET MAC: a DUT for tests of the lab network: a network namespace with one interface,
// eth0, and QEMU's manner of joining it to a switch: it listens on SOCKET, takes
// one connection at a time, and frames have their length before them. Prints the PID through which
// its namespace is entered. Ends with its parent, or by a signal.
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>

#include <cstdio>
#include <cstring>

#include "core/io/process.hpp"
#include "tests/workers/network/switch/switch_rig.hpp"
#include "workers/network/lab/interfaces.hpp"
#include "workers/network/lab/namespaces.hpp"

namespace seatrial::network {
namespace {

void set(const char* setting, const char* value) {
  const std::string file = std::string("/proc/sys/net/ipv6/conf/eth0/") + setting;
  const io::UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  (void)!::write(fd.get(), value, std::strlen(value));
}

io::UniqueFd open_wire(const std::string& interface) {
  io::UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int one = 1;
  ::setsockopt(fd.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return fd;
}

/// The far end of eth0: made as the lab makes its own interfaces, then turned into a host's.
io::UniqueFd make_eth0(const std::string& mac) {
  LabSettings settings;
  settings.segments = {{"eth0", 1, "", ""}};
  auto made = make_interfaces(settings);
  if (!made) return io::UniqueFd();
  set("forwarding", "0");
  set("accept_ra", "1");
  auto command = io::cmd("ip").arg("link").arg("set").arg("eth0").arg("address").arg(mac);
  (void)io::run_blocking(std::move(command), Budget(std::chrono::seconds(20), "eth0"));
  auto& eth0 = made->all.front();
  if (!eth0.tap) return open_wire(eth0.far);
  ::fcntl(eth0.tap.get(), F_SETFL, ::fcntl(eth0.tap.get(), F_GETFL) | O_NONBLOCK);
  return std::move(eth0.tap);
}

/// Copies frames until the connection ends.
void join(int wire, int socket) {
  Unframer unframer;
  std::string frame(65536, '\0');
  pollfd ends[2] = {{wire, POLLIN, 0}, {socket, POLLIN, 0}};
  while (::poll(ends, 2, -1) > 0) {
    ssize_t n = 0;
    if (ends[0].revents && (n = ::read(wire, frame.data(), frame.size())) > 0) {
      std::string out;
      append_framed(out, std::string_view(frame).substr(0, static_cast<std::size_t>(n)));
      if (::send(socket, out.data(), out.size(), MSG_NOSIGNAL) < 0) return;
    }
    if (!ends[1].revents) continue;
    n = ::recv(socket, frame.data(), frame.size(), 0);
    const auto deliver = [&](std::string_view one) {
      (void)!::write(wire, one.data(), one.size());
    };
    if (n <= 0 ||
        !unframer.feed(std::string_view(frame).substr(0, static_cast<std::size_t>(n)), deliver))
      return;
  }
}

int live(const std::string& path, const std::string& mac) {
  const auto wire = make_eth0(mac);
  if (!wire) return 3;
  const io::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = unix_address(path);
  ::unlink(path.c_str());
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), 1) != 0)
    return 4;
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    const io::UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket) join(wire.get(), socket.get());
  }
}

}  // namespace
}  // namespace seatrial::network

int main(int argc, char** argv) {
  using namespace seatrial;
  if (argc != 3) return 2;
  if (auto entered = network::enter_user_namespace(); !entered) {
    fmt::print(stderr, "{}\n", entered.error().describe());
    return 5;
  }
  const auto told = [](pid_t child) -> Result<> {
    fmt::print("{}\n", child);
    std::fflush(stdout);
    return {};
  };
  const auto code =
      network::run_first_process(told, [&] { return network::live(argv[1], argv[2]); });
  if (!code) fmt::print(stderr, "{}\n", code.error().describe());
  return code.value_or(6);
}
