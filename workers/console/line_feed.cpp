// SPDX-License-Identifier: Apache-2.0
#include "workers/console/line_feed.hpp"

#include "core/model/console_text.hpp"

namespace seatrial::console {

std::string_view Block::plain() const {
  if (!plain_.empty()) return plain_;
  plain_ = raw;
  if (raw.find('\x1b') == std::string_view::npos) return plain_;
  std::string line;
  scratch_.reserve(raw.size());
  for (std::size_t begin = 0; begin < raw.size();) {
    const std::size_t end = raw.find('\n', begin);  // found: a block ends in one
    scratch_ += model::plain_line(raw.substr(begin, end - begin), line);
    scratch_ += '\n';
    begin = end + 1;
  }
  plain_ = scratch_;
  return plain_;
}

void LineFeed::trim() {
  if (tail_.size() <= overlap) return;
  const std::size_t drop = tail_.size() - overlap;
  tail_.erase(0, drop);
  offset_ += drop;
  head_cut_ = true;
}

}  // namespace seatrial::console
