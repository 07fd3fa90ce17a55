// SPDX-License-Identifier: Apache-2.0
#pragma once
// Frames on a byte stream, as QEMU's `stream` netdev sends them (net/stream.c): four bytes of
// length, most significant first, then the frame. A length above what QEMU can send means that the
// framing is lost: there is no way back but a new connection.

#include <cstdint>
#include <string>
#include <string_view>

#include "workers/network/switch/frame.hpp"

namespace seatrial::network {

/// The length that precedes a frame.
inline void append_framed(std::string& out, std::string_view frame) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(frame.size() >> shift);
  out.append(frame);
}

class Unframer {
 public:
  /// Calls `take(std::string_view)` for each whole frame; false: the framing is lost, and nothing
  /// is taken any more.
  template <class Take>
  bool feed(std::string_view bytes, Take&& take) {
    if (lost_) return false;
    if (!held_.empty()) {
      held_.append(bytes);
      bytes = held_;
    }
    while (bytes.size() >= 4) {
      std::size_t length = 0;
      for (int i = 0; i < 4; ++i)
        length = length << 8 | static_cast<std::uint8_t>(bytes[static_cast<std::size_t>(i)]);
      if (length > kLargestFrame) {
        lost_ = true;
        held_.clear();
        return false;
      }
      if (bytes.size() - 4 < length) break;
      take(bytes.substr(4, length));
      bytes.remove_prefix(4 + length);
    }
    // less than one frame: what is held stays bounded
    held_ = std::string(bytes);
    return true;
  }
  std::size_t held() const { return held_.size(); }

 private:
  std::string held_;
  bool lost_ = false;
};

}  // namespace seatrial::network
