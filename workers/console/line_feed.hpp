// SPDX-License-Identifier: Apache-2.0
#pragma once
// LineFeed: cuts a stream of chunks into blocks of finished lines and one unfinished last line (the
// tail), without copying the blocks. The tail is bounded: when it outgrows `longest_tail`, its
// users look at it once more and all but the last `overlap` bytes are dropped, so a line of any
// length costs linear time and bounded memory, and a match up to `overlap` bytes long is never cut
// in two. Plain data, no I/O, one thread. Offsets count the bytes of the capture.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"

namespace seatrial::console {

/// Finished lines: `raw` ends in '\n'. Valid during the call that hands it out.
class Block {
 public:
  Block(std::string_view raw, std::uint64_t offset, Duration at, bool head_cut)
      : raw(raw), offset(offset), at(at), head_cut(head_cut) {}
  std::string_view raw;
  std::uint64_t offset;  ///< of raw[0]
  Duration at;           ///< when its last byte was read
  bool head_cut;         ///< the beginning of the first line was dropped
  /// The same lines without control sequences, one for one; `raw` itself when it holds none.
  std::string_view plain() const;

 private:
  mutable std::string scratch_;
  mutable std::string_view plain_;
};

/// The unfinished last line.
struct Tail {
  std::string_view raw;
  std::uint64_t offset = 0;
  Duration at{};          ///< when its last byte was read
  bool head_cut = false;  ///< its beginning was dropped
  std::uint64_t end() const { return offset + raw.size(); }
};

class LineFeed {
 public:
  static constexpr std::size_t longest_tail = 64u << 10;
  static constexpr std::size_t overlap = 4u << 10;

  explicit LineFeed(std::uint64_t offset = 0, bool head_cut = false)
      : offset_(offset), head_cut_(head_cut) {}

  /// Calls on_block(const Block&) for finished lines. Afterwards tail() is up to date; when full(),
  /// look at it and call trim().
  template <class OnBlock>
  void feed(std::string_view chunk, Duration now, OnBlock on_block) {
    if (chunk.empty()) return;
    at_ = now;
    if (!tail_.empty()) {
      const auto newline = chunk.find('\n');
      const auto take = newline == std::string_view::npos ? chunk.size() : newline + 1;
      tail_.append(chunk.substr(0, take));
      if (newline == std::string_view::npos) return;
      chunk.remove_prefix(take);
      hand_out(tail_, tail_.size(), on_block);
      tail_.clear();
    }
    if (const auto last = chunk.rfind('\n'); last != std::string_view::npos) {
      hand_out(chunk.substr(0, last + 1), last + 1, on_block);
      chunk.remove_prefix(last + 1);
    }
    tail_.assign(chunk);
  }

  /// The stream has ended: the tail, if any, counts as a line.
  template <class OnBlock>
  void end_line(OnBlock on_block) {
    if (tail_.empty()) return;
    const std::size_t size = tail_.size();
    tail_.push_back('\n');  // in the view only; it has no offset
    hand_out(tail_, size, on_block);
    tail_.clear();
  }

  Tail tail() const { return Tail{tail_, offset_, at_, head_cut_}; }
  bool full() const { return tail_.size() > longest_tail; }
  void trim();
  /// The offset after the last byte that was fed.
  std::uint64_t end() const { return offset_ + tail_.size(); }

 private:
  template <class OnBlock>
  void hand_out(std::string_view raw, std::size_t size, OnBlock& on_block) {
    const Block block(raw, offset_, at_, head_cut_);
    offset_ += size;
    head_cut_ = false;
    on_block(block);
  }

  std::string tail_;
  std::uint64_t offset_;  // of tail_[0]
  Duration at_{};
  bool head_cut_;
};

}  // namespace seatrial::console
