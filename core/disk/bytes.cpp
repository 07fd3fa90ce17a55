// SPDX-License-Identifier: Apache-2.0
#include "core/disk/bytes.hpp"

#include <fmt/format.h>

namespace seatrial::disk {

std::string utf16le_text(std::string_view raw) {
  std::string out;
  for (std::size_t i = 0; i + 1 < raw.size(); i += 2) {
    const unsigned unit = le16(raw, i);
    if (unit == 0) break;
    if (unit < 0x20 || unit == 0x7f || (unit >= 0xd800 && unit <= 0xdfff)) {
      out += '?';
    } else if (unit < 0x80) {
      out += static_cast<char>(unit);
    } else if (unit < 0x800) {
      out += static_cast<char>(0xc0 | unit >> 6);
      out += static_cast<char>(0x80 | (unit & 0x3f));
    } else {
      out += static_cast<char>(0xe0 | unit >> 12);
      out += static_cast<char>(0x80 | (unit >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (unit & 0x3f));
    }
  }
  return out;
}

std::string field_text(std::string_view raw) {
  std::string out;
  for (const unsigned char c : raw.substr(0, raw.find('\0')))
    out += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '?';
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string uuid_text(std::string_view raw) {
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", static_cast<unsigned char>(raw[i]));
  }
  return out;
}

}  // namespace seatrial::disk
