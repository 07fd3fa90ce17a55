// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ethernet frames as the switch sees them: addresses and the 802.1Q tag (TPID 0x8100). Frames come
// without checksum and preamble, as taps, packet sockets and QEMU give them. A tag of another kind
// (802.1ad) is payload.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seatrial::network {

constexpr std::size_t kEthernetHeader = 14, kVlanTag = 4;
/// The largest frame that QEMU sends over a stream (NET_BUFSIZE of QEMU).
constexpr std::size_t kLargestFrame = 4096 + 65536;
/// What fits on a wire with an MTU of 1500 and one tag: more is a frame that an offload left uncut.
constexpr std::size_t kLargestOnWire = 1500 + kEthernetHeader + kVlanTag;

/// A MAC address in the low 48 bits.
inline std::uint64_t mac_at(std::string_view frame, std::size_t at) {
  std::uint64_t mac = 0;
  for (std::size_t i = at; i < at + 6; ++i)
    mac = mac << 8 | (i < frame.size() ? static_cast<std::uint8_t>(frame[i]) : 0u);
  return mac;
}
inline std::uint64_t destination_of(std::string_view frame) { return mac_at(frame, 0); }
inline std::uint64_t source_of(std::string_view frame) { return mac_at(frame, 6); }
/// Broadcast or multicast.
inline bool is_group(std::uint64_t mac) { return (mac >> 40 & 1) != 0; }

/// Priority, drop bit and VLAN number of a tagged frame.
inline std::optional<std::uint16_t> tag_of(std::string_view frame) {
  if (frame.size() < kEthernetHeader + kVlanTag || frame[12] != '\x81' || frame[13] != '\0')
    return std::nullopt;
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(frame[14]) << 8 |
                                    static_cast<std::uint8_t>(frame[15]));
}
inline std::string untagged(std::string_view frame) {
  std::string out(frame.substr(0, 12));
  return out.append(frame.substr(12 + kVlanTag));
}
/// `tpid`: kind of tag, 0x8100 unless it is passed on as it came.
inline std::string with_tag(std::string_view frame, std::uint16_t tag,
                            std::uint16_t tpid = 0x8100) {
  std::string out(frame.substr(0, 12));
  for (const std::uint16_t half : {tpid, tag}) {
    out += static_cast<char>(half >> 8);
    out += static_cast<char>(half);
  }
  return out.append(frame.substr(12));
}

}  // namespace seatrial::network
