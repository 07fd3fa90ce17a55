// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ring: the last bytes of a capture, in memory of a fixed size. Offsets count the bytes of the
// capture.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace seatrial::console {

class Ring {
 public:
  Ring(std::size_t capacity, std::uint64_t offset)
      : bytes_(capacity), begin_(offset), end_(offset) {}

  void append(std::string_view chunk) {
    end_ += chunk.size();
    if (chunk.size() > bytes_.size()) chunk.remove_prefix(chunk.size() - bytes_.size());
    const std::size_t at = static_cast<std::size_t>((end_ - chunk.size()) % bytes_.size());
    const std::size_t first = std::min(chunk.size(), bytes_.size() - at);
    std::memcpy(&bytes_[at], chunk.data(), first);
    if (first < chunk.size())
      std::memcpy(bytes_.data(), chunk.data() + first, chunk.size() - first);
    if (end_ - begin_ > bytes_.size()) begin_ = end_ - bytes_.size();
  }

  /// Up to `most` bytes at `offset`, which must lie in [begin(), end()].
  std::string read(std::uint64_t offset, std::size_t most) const {
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(most, end_ - offset));
    const std::size_t at = static_cast<std::size_t>(offset % bytes_.size());
    const std::size_t first = std::min(size, bytes_.size() - at);
    std::string out(&bytes_[at], first);
    out.append(bytes_.data(), size - first);
    return out;
  }

  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }

 private:
  std::vector<char> bytes_;
  std::uint64_t begin_, end_;
};

}  // namespace seatrial::console
