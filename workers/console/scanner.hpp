// SPDX-License-Identifier: Apache-2.0
#pragma once
// Scanner: runs one PatternSet over the lines of one LineFeed, from an offset on. It looks at a
// finished line once. It looks at the unfinished line again only when that has grown by a quarter
// (or is short), or when the console has gone quiet, so that the total stays linear in what is
// read. Plain data, no I/O, one thread.

#include <functional>

#include "workers/console/line_feed.hpp"
#include "workers/console/pattern_set.hpp"

namespace seatrial::console {

/// A match in the stream. Views are valid during the call.
struct Found {
  Hit hit;                    ///< positions in `line`
  std::string_view line;      ///< plain text
  std::uint64_t line_offset;  ///< in the capture
  std::uint64_t begin, end;   ///< in the capture
  Duration at;                ///< when the last byte seen was read
  bool finished;              ///< false: the line may go on
};
using OnFound = std::function<void(const Found&)>;

class Scanner {
 public:
  enum class Mode {
    first,      ///< the first match, then done; prompts are seen at once
    every_line  ///< one match per line, unfinished lines only after 300 ms of quiet
  };
  static constexpr Duration short_quiet = std::chrono::milliseconds(30);
  static constexpr Duration long_quiet = std::chrono::milliseconds(300);

  /// Only matches that begin at or after `from` count.
  Scanner(PatternSet::Ptr set, std::uint64_t from, Mode mode)
      : set_(std::move(set)), from_(from), mode_(mode) {}

  void block(const Block& block, const OnFound& found);
  /// `quiet`: since the tail's last byte. `last_look`: part of it is dropped after this call.
  void tail(const Tail& tail, Duration quiet, bool last_look, const OnFound& found);
  bool done() const { return done_; }
  const PatternSet& set() const { return *set_; }

 private:
  void filtered_block(const Block& block, const OnFound& found);
  void line(std::string_view raw, std::uint64_t offset, Duration at, bool head_cut,
            const OnFound& found);
  void report(const Hit& hit, std::string_view raw, std::string_view plain, std::uint64_t offset,
              Duration at, bool finished, const OnFound& found);
  std::size_t start_in(std::string_view raw, std::uint64_t offset, bool head_cut) const;

  PatternSet::Ptr set_;
  std::uint64_t from_;
  Mode mode_;
  bool done_ = false;
  bool tail_reported_ = false;     // its line has had its match
  std::uint64_t scanned_end_ = 0;  // of the tail
  std::string scratch_;
};

}  // namespace seatrial::console
