// SPDX-License-Identifier: Apache-2.0
#pragma once
// Numbers and text out of raw bytes of a disk. The caller has checked that they are there.

#include <cstdint>
#include <string>
#include <string_view>

namespace seatrial::disk {

inline std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t out = 0;
  for (std::size_t i = size; i-- > 0;) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
  return out;
}
inline std::uint16_t le16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(little_endian(bytes, at, 2));
}
inline std::uint32_t le32(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(little_endian(bytes, at, 4));
}
inline std::uint64_t le64(std::string_view bytes, std::size_t at) {
  return little_endian(bytes, at, 8);
}
inline std::uint32_t be32(std::string_view bytes, std::size_t at) {
  return le32(bytes, at) >> 24 | (le32(bytes, at) >> 8 & 0xff00) |
         (le32(bytes, at) << 8 & 0xff0000) | le32(bytes, at) << 24;
}
inline std::uint64_t be64(std::string_view bytes, std::size_t at) {
  return std::uint64_t{be32(bytes, at)} << 32 | be32(bytes, at + 4);
}

/// UTF-16 in little endian up to its first NUL as UTF-8; what cannot be shown becomes '?'.
std::string utf16le_text(std::string_view raw);
/// Printable ASCII of a fixed field, without padding; what cannot be shown becomes '?'.
std::string field_text(std::string_view raw);
/// "ba1eadef-1234-..." of 16 bytes in order.
std::string uuid_text(std::string_view raw);

}  // namespace seatrial::disk
