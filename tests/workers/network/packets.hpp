// SPDX-License-Identifier: Apache-2.0
#pragma once
// For tests: packet captures, made by hand.

#include <cstdint>
#include <string>
#include <vector>

namespace seatrial::network {

inline const std::string kDut("\x52\x54\x00\x5e\xa7\x01", 6);
inline const std::string kQemu("\x52\x55\x0a\x00\x02\x02", 6);

inline std::string le32(std::uint32_t v) {
  return {static_cast<char>(v), static_cast<char>(v >> 8), static_cast<char>(v >> 16),
          static_cast<char>(v >> 24)};
}
inline std::string be16(unsigned v) { return {static_cast<char>(v >> 8), static_cast<char>(v)}; }

inline std::string pcap_header() { return le32(0xa1b2c3d4) + std::string(16, '\0') + le32(1); }
inline std::string packet(std::uint32_t at, const std::string& frame) {
  return le32(at) + le32(0) + le32(static_cast<std::uint32_t>(frame.size())) +
         le32(static_cast<std::uint32_t>(frame.size())) + frame;
}

inline std::string udp(const std::string& mac, const std::string& source, unsigned from,
                       unsigned to, const std::string& payload) {
  const std::string udp_part =
      be16(from) + be16(to) + be16(static_cast<unsigned>(8 + payload.size())) + be16(0) + payload;
  const std::string ip =
      std::string("\x45\x00", 2) + be16(static_cast<unsigned>(20 + udp_part.size())) +
      std::string("\0\0\0\0\x40\x11\0\0", 8) + source + std::string("\xff\xff\xff\xff", 4);
  return std::string(6, '\xff') + mac + "\x08" + std::string(1, '\0') + ip + udp_part;
}

inline std::string dhcp(char type, const std::string& yiaddr, const std::string& options) {
  std::string message(236, '\0');
  message.replace(16, 4, yiaddr);
  message.replace(28, 6, kDut);
  return message + std::string("\x63\x82\x53\x63", 4) + std::string("\x35\x01", 2) + type +
         options + "\xff";
}

/// An mDNS response with an address record for each name ("dut.local").
inline std::string announce(const std::string& source, const std::vector<std::string>& names) {
  std::string message = std::string("\0\0\x84\0\0\0", 6) +
                        be16(static_cast<unsigned>(names.size())) + std::string(4, '\0');
  for (const auto& name : names) {
    const auto dot = name.find('.');
    for (const auto& label : {name.substr(0, dot), name.substr(dot + 1)})
      message += static_cast<char>(label.size()) + label;
    message += std::string("\0\0\x01\x80\x01\0\0\0\x78\0\x04", 11) + source;
  }
  return udp(kDut, source, 5353, 5353, message);
}

inline std::string capture() {
  const std::string zero(4, '\0'), address("\x0a\x00\x02\x0f", 4), router("\x0a\x00\x02\x02", 4);
  const std::string lease = std::string("\x03\x04", 2) + router + std::string("\x06\x08", 2) +
                            router + std::string("\x09\x09\x09\x09", 4);
  return pcap_header() +
         packet(100, udp(kDut, zero, 68, 67,
                         dhcp(3, zero,
                              std::string("\x0c\x07"
                                          "1234567",
                                          9) +
                                  std::string("\x32\x04", 2) + address))) +
         packet(101, udp(kQemu, router, 67, 68, dhcp(5, address, lease))) +
         packet(102, announce(address, {"dut.local"}));
}

}  // namespace seatrial::network
