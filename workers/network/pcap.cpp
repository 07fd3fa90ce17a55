// SPDX-License-Identifier: Apache-2.0
#include "workers/network/pcap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/io/file.hpp"

namespace seatrial::network {
namespace {

using drivers::NetworkSeen;

/// A view of bytes that answers 0 and "" beyond its end.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint8_t u8(std::size_t at) const {
    return at < bytes_.size() ? static_cast<std::uint8_t>(bytes_[at]) : 0;
  }
  std::uint16_t be16(std::size_t at) const {
    return static_cast<std::uint16_t>(u8(at) << 8 | u8(at + 1));
  }
  std::uint32_t le32(std::size_t at) const {
    return u8(at) | u8(at + 1) << 8 | u8(at + 2) << 16 |
           static_cast<std::uint32_t>(u8(at + 3)) << 24;
  }
  std::uint32_t be32(std::size_t at) const {
    return static_cast<std::uint32_t>(u8(at)) << 24 | u8(at + 1) << 16 | u8(at + 2) << 8 |
           u8(at + 3);
  }
  Bytes sub(std::size_t at, std::size_t size = std::string_view::npos) const {
    return Bytes(at < bytes_.size() ? bytes_.substr(at, size) : std::string_view());
  }
  std::string text(std::size_t at, std::size_t size) const {
    return std::string(at < bytes_.size() ? bytes_.substr(at, size) : std::string_view());
  }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

std::string ipv4(const Bytes& bytes, std::size_t at) {
  return fmt::format("{}.{}.{}.{}", bytes.u8(at), bytes.u8(at + 1), bytes.u8(at + 2),
                     bytes.u8(at + 3));
}

std::string mac(const Bytes& bytes, std::size_t at) {
  std::string text;
  for (std::size_t i = 0; i < 6; ++i)
    text += fmt::format("{}{:02x}", i ? ":" : "", bytes.u8(at + i));
  return text;
}

template <class T>
void add_once(std::vector<T>& list, T value) {
  if (!value.empty() && std::find(list.begin(), list.end(), value) == list.end())
    list.push_back(std::move(value));
}

/// RFC 2131: fixed part of 236 bytes, magic cookie, options.
void take_dhcp(const Bytes& udp, double at, NetworkSeen& seen) {
  if (udp.be32(236) != 0x63825363) return;
  static constexpr const char* kTypes[] = {"?",   "discover", "offer",   "request", "decline",
                                           "ack", "nak",      "release", "inform"};
  drivers::DhcpSeen message;
  message.at = at;
  message.type = "?";
  message.mac = mac(udp, 28);
  message.address = ipv4(udp, 16);
  for (std::size_t i = 240; i < udp.size() && udp.u8(i) != 255;) {
    const auto option = udp.u8(i);
    if (option == 0) {
      ++i;
      continue;
    }
    const std::size_t length = udp.u8(i + 1);
    if (option == 53 && udp.u8(i + 2) < 9) message.type = kTypes[udp.u8(i + 2)];
    if (option == 12) message.hostname = udp.text(i + 2, length);
    if (option == 50 && length == 4) message.address = ipv4(udp, i + 2);
    if (option == 3 && length >= 4) message.gateway = ipv4(udp, i + 2);
    for (std::size_t server = 0; option == 6 && server + 4 <= length; server += 4)
      message.dns.push_back(ipv4(udp, i + 2 + server));
    i += 2 + length;
  }
  seen.dhcp.push_back(std::move(message));
}

/// A DNS name at `at`; compression pointers are followed a bounded number of times.
std::string dns_name(const Bytes& message, std::size_t& at) {
  std::string name;
  bool jumped = false;
  std::size_t next = at;
  for (int hops = 0; hops < 40; ++hops) {
    const auto length = message.u8(next);
    if (length == 0) {
      if (!jumped) at = next + 1;
      return name;
    }
    if ((length & 0xc0) == 0xc0) {
      if (!jumped) at = next + 2;
      jumped = true;
      next = static_cast<std::size_t>(message.be16(next) & 0x3fff);
      continue;
    }
    if (name.size() + length > 255 || next >= message.size()) return {};
    name += (name.empty() ? "" : ".") + message.text(next + 1, length);
    next += 1u + length;
    if (!jumped) at = next;
  }
  return {};
}

/// mDNS responses (RFC 6762): the owner names of their address records.
void take_mdns(const Bytes& udp, NetworkSeen& seen) {
  if (!(udp.be16(2) & 0x8000)) return;
  const int questions = udp.be16(4), answers = udp.be16(6) + udp.be16(8) + udp.be16(10);
  std::size_t at = 12;
  for (int i = 0; i < questions && at < udp.size(); ++i) {
    dns_name(udp, at);
    at += 4;
  }
  for (int i = 0; i < answers && at < udp.size(); ++i) {
    const auto name = dns_name(udp, at);
    const auto type = udp.be16(at);
    at += 10u + udp.be16(at + 8);
    if (type == 1 || type == 28) add_once(seen.mdns, name);
  }
}

void take_packet(const Bytes& frame, double at, const std::string& dut_mac, NetworkSeen& seen) {
  if (frame.be16(12) == 0x0806) {  // ARP: the sender's address, which a static host announces
    const auto address = ipv4(frame, 28);
    if (mac(frame, 6) == dut_mac && address != "0.0.0.0") add_once(seen.sources, address);
    return;
  }
  if (frame.be16(12) != 0x0800 || frame.u8(14) >> 4 != 4) return;
  const Bytes ip = frame.sub(14);
  const std::size_t header = static_cast<std::size_t>(ip.u8(0) & 15) * 4;
  const auto source = ipv4(ip, 12);
  if (mac(frame, 6) == dut_mac && source != "0.0.0.0") add_once(seen.sources, source);
  if (ip.u8(9) != 17 || header < 20) return;
  const Bytes udp = ip.sub(header);
  const auto from = udp.be16(0), to = udp.be16(2);
  if ((from == 68 && to == 67) || (from == 67 && to == 68)) take_dhcp(udp.sub(8), at, seen);
  if (from == 5353 && to == 5353 && mac(frame, 6) == dut_mac) take_mdns(udp.sub(8), seen);
}

/// QEMU's own hosts answer from 52:55:0a:00:02:xx; the first other sender is the DUT.
bool is_qemu(const std::string& address) {
  return address.rfind("52:55:", 0) == 0 || address.rfind("52:56:", 0) == 0;
}

}  // namespace

Result<NetworkSeen> observe_pcap_bytes(std::string_view bytes, double since) {
  const Bytes file(bytes);
  if (file.size() < 24) return NetworkSeen{};  // nothing has been sent yet
  const bool nanoseconds = file.le32(0) == 0xa1b23c4d;
  if (file.le32(0) != 0xa1b2c3d4 && !nanoseconds)
    return Failure("network.capture", Blame::bench, "the packet capture is not a pcap file",
                   "check packets-N.pcap in the run folder");
  NetworkSeen seen;
  std::string dut_mac;
  for (std::size_t at = 24; at + 16 <= file.size();) {
    const double when = file.le32(at) + file.le32(at + 4) / (nanoseconds ? 1e9 : 1e6);
    const std::size_t captured = file.le32(at + 8);
    if (captured > 262144 || at + 16 + captured > file.size()) break;
    const Bytes frame = file.sub(at + 16, captured);
    at += 16 + captured;
    const auto sender = mac(frame, 6);
    if (dut_mac.empty() && !is_qemu(sender)) dut_mac = sender;
    if (when >= since) take_packet(frame, when, dut_mac, seen);
  }
  return seen;
}

Result<NetworkSeen> observe_pcap(const std::filesystem::path& path, double since) {
  auto bytes = io::read_file(path, 512u << 20);
  if (!bytes && bytes.error().code() == "file.missing") return NetworkSeen{};
  if (!bytes) return bytes.error();
  return observe_pcap_bytes(*bytes, since);
}

Result<NetworkSeen> observe_folder(const std::filesystem::path& folder, double since) {
  NetworkSeen all;
  for (unsigned start = 1;; ++start) {
    const auto file = folder / ("packets-" + std::to_string(start) + ".pcap");
    std::error_code none;
    if (!std::filesystem::exists(file, none)) return all;
    TRY(auto seen, observe_pcap(file, since));
    std::move(seen.dhcp.begin(), seen.dhcp.end(), std::back_inserter(all.dhcp));
    for (auto& source : seen.sources) add_once(all.sources, std::move(source));
    for (auto& name : seen.mdns) add_once(all.mdns, std::move(name));
  }
}

}  // namespace seatrial::network
