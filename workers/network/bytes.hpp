// SPDX-License-Identifier: Apache-2.0
#pragma once
// Foreign bytes, read without ever leaving them.

#include <cstdint>
#include <string>
#include <string_view>

namespace seatrial::network {

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

}  // namespace seatrial::network
