// SPDX-License-Identifier: Apache-2.0
#include "workers/network/packet.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workers/network/bytes.hpp"

namespace seatrial::network {
namespace {

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
std::optional<drivers::DhcpSeen> read_dhcp(const Bytes& udp) {
  if (udp.be32(236) != 0x63825363) return std::nullopt;
  static constexpr const char* kTypes[] = {"?",   "discover", "offer",   "request", "decline",
                                           "ack", "nak",      "release", "inform"};
  drivers::DhcpSeen message;
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
  return message;
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
std::vector<std::string> read_mdns(const Bytes& udp) {
  std::vector<std::string> names;
  if (!(udp.be16(2) & 0x8000)) return names;
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
    if (type == 1 || type == 28) add_once(names, name);
  }
  return names;
}

/// A DNS query (RFC 1035): the names in its question section.
std::vector<std::string> read_questions(const Bytes& udp) {
  std::vector<std::string> names;
  if (udp.be16(2) & 0x8000) return names;
  std::size_t at = 12;
  for (int i = 0; i < udp.be16(4) && at < udp.size(); ++i) {
    add_once(names, dns_name(udp, at));
    at += 4;
  }
  return names;
}

/// The UDP header of an IPv4 or IPv6 packet; empty: there is none. No extension headers.
Bytes udp_of(const Bytes& frame) {
  const Bytes ip = frame.sub(14);
  const std::size_t header = static_cast<std::size_t>(ip.u8(0) & 15) * 4;
  if (frame.be16(12) == 0x0800 && ip.u8(0) >> 4 == 4 && ip.u8(9) == 17 && header >= 20)
    return ip.sub(header);
  if (frame.be16(12) == 0x86dd && ip.u8(0) >> 4 == 6 && ip.u8(6) == 17) return ip.sub(40);
  return Bytes({});
}

}  // namespace

std::string sender_of(std::string_view frame) {
  std::string sender(frame.substr(std::min<std::size_t>(6, frame.size()), 6));
  sender.resize(6);
  return sender;
}

bool is_qemu(std::string_view sender) {
  return sender.starts_with("\x52\x55") || sender.starts_with("\x52\x56");
}

PacketFacts read_packet(std::string_view bytes, std::string_view dut_mac) {
  PacketFacts facts;
  const Bytes frame(bytes);
  const bool from_dut = sender_of(bytes) == dut_mac;
  const auto sent_from = [&](std::size_t at) {
    const auto address = from_dut ? ipv4(frame, at) : std::string();
    if (address != "0.0.0.0") facts.source = address;
  };
  if (frame.be16(12) == 0x0806) {  // ARP: the sender's address, which a static host announces
    sent_from(28);
    return facts;
  }
  if (frame.be16(12) == 0x0800 && frame.u8(14) >> 4 == 4) sent_from(14 + 12);
  const Bytes udp = udp_of(frame);
  const auto from = udp.be16(0), to = udp.be16(2);
  if (to == 53 && from_dut) facts.asked = read_questions(udp.sub(8));
  if ((from == 68 && to == 67) || (from == 67 && to == 68)) facts.dhcp = read_dhcp(udp.sub(8));
  if (from == 5353 && to == 5353 && from_dut) facts.mdns = read_mdns(udp.sub(8));
  return facts;
}

}  // namespace seatrial::network
