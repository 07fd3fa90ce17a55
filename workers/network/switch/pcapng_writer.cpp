// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/pcapng_writer.hpp"

#include <cstdint>
#include <cstring>

namespace seatrial::network::pcapng {
namespace {

constexpr std::uint32_t kSection = 0x0a0d0d0a, kInterface = 1, kEnhancedPacket = 6;
constexpr std::uint16_t kEnd = 0, kComment = 1, kName = 2, kFlags = 2, kResolution = 9;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void pad(std::string& out) { out.append((4 - out.size() % 4) % 4, '\0'); }

void option(std::string& out, std::uint16_t code, std::string_view value) {
  value = value.substr(0, 0xffff);
  put(out, code);
  put(out, static_cast<std::uint16_t>(value.size()));
  out.append(value);
  pad(out);
}

std::string block(std::uint32_t type, const std::string& body) {
  std::string out;
  out.reserve(body.size() + 12);
  const auto size = static_cast<std::uint32_t>(body.size() + 12);
  put(out, type);
  put(out, size);
  out += body;
  put(out, size);
  return out;
}

}  // namespace

std::string header(const std::vector<std::string>& interfaces, std::string_view comment) {
  std::string section;
  put(section, std::uint32_t{0x1a2b3c4d});
  put(section, std::uint32_t{1});      // version 1.0
  put(section, std::uint64_t{~0ull});  // length unknown
  if (!comment.empty()) option(section, kComment, comment);
  option(section, kEnd, {});
  std::string out = block(kSection, section);
  for (const auto& name : interfaces) {
    std::string body;
    put(body, std::uint32_t{1});  // Ethernet
    put(body, std::uint32_t{0});  // whole packets
    option(body, kName, name);
    option(body, kResolution, "\x09");
    option(body, kEnd, {});
    out += block(kInterface, body);
  }
  return out;
}

std::string packet(std::size_t interface, bool inbound, std::string_view frame, Duration wall,
                   std::string_view comment) {
  const auto stamp = static_cast<std::uint64_t>(wall.count());
  const auto size = static_cast<std::uint32_t>(frame.size());
  std::string body;
  body.reserve(frame.size() + 64 + comment.size());
  put(body, static_cast<std::uint32_t>(interface));
  put(body, static_cast<std::uint32_t>(stamp >> 32));
  put(body, static_cast<std::uint32_t>(stamp));
  put(body, size);
  put(body, size);
  body.append(frame);
  pad(body);
  const std::uint32_t direction = inbound ? 1 : 2;
  option(body, kFlags,
         std::string_view(reinterpret_cast<const char*>(&direction), sizeof direction));
  if (!comment.empty()) option(body, kComment, comment);
  option(body, kEnd, {});
  return block(kEnhancedPacket, body);
}

}  // namespace seatrial::network::pcapng
