// SPDX-License-Identifier: Apache-2.0
#pragma once
// Matcher: finds patterns in what a console prints, for any number of waiters at once. Fed by
// Capture; expect() waits for a match from now on, or from an offset that has long passed (then
// what lies between is read back from the capture first, in pieces, without holding up the
// capture). Lives on one io_context thread; must outlive its waiters and subscriptions. Cancelling
// a waiter removes it. It lives for the whole run: a stream that ends (power off) only ends its
// last line.
//
// Rules of matching: pattern_set.hpp. Memory: the unfinished line (64 KiB) and what waiters hold.

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/base/within.hpp"
#include "workers/console/pattern_set.hpp"

namespace seatrial::console {

struct Match {
  std::size_t pattern = 0;          ///< index in the set
  std::string text;                 ///< what matched, plain
  std::vector<std::string> groups;  ///< group 0 is `text`
  std::string line;                 ///< the whole line, plain (cut at 4 KiB)
  std::uint64_t line_offset = 0;    ///< in the capture, as are the next two
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  Duration at{};         ///< monotonic time at which it had been read
  bool finished = true;  ///< false: the line had not ended yet
};

/// What was captured, for waiters that look back.
class Past {
 public:
  virtual ~Past() = default;
  /// Up to `most` bytes at `offset`; at least one unless it is the end of the capture.
  virtual Result<std::string> read(std::uint64_t offset, std::size_t most) const = 0;
  /// When the byte at `offset` was read.
  virtual Duration time_of(std::uint64_t offset) const = 0;
};

/// Keeps a subscription alive; dropping it ends the calls at once.
using Subscription = std::shared_ptr<void>;

/// Where to look from.
class Since {
 public:
  static Since now() { return Since(std::nullopt); }
  /// For instance Match::end, Matcher::end() before a command, or a power-on mark.
  static Since offset(std::uint64_t value) { return Since(value); }
  std::optional<std::uint64_t> value() const { return value_; }

 private:
  explicit Since(std::optional<std::uint64_t> value) : value_(value) {}
  std::optional<std::uint64_t> value_;
};

class Matcher {
 public:
  using OnMatch = std::function<void(const Match&)>;

  Matcher(boost::asio::any_io_executor executor, const Clock& clock, const Past& past,
          std::uint64_t offset = 0);
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  /// The first match that begins at or after `since`. When the budget runs out its failure carries
  /// the last line of the console.
  Task<Result<Match>> expect(PatternSet::Ptr set, Budget budget, Since since);
  /// Calls `on_match` for every line from `since` or now on (not before) that matches; at most once
  /// per line. Unfinished lines count after 300 ms of quiet.
  [[nodiscard]] Subscription watch(PatternSet::Ptr set, OnMatch on_match);
  /// Ends every waiter with this failure ("QEMU has died"); later ones wait as usual.
  void fail_waiters(const Failure& failure);
  std::size_t waiters() const;

  /// The offset after the last byte captured: "now", to be used as a mark.
  std::uint64_t end() const;
  /// Where the unfinished line begins (or the part of it that is kept).
  std::uint64_t line_begin() const;
  /// Its plain text.
  std::string unfinished_line() const;

  /// Capture only: bytes in order, and the end of a stream.
  void feed(std::string_view bytes, Duration now);
  void end_of_stream(Duration now);

 private:
  struct State;
  Task<Result<Match>> wait_for(PatternSet::Ptr set, Since since);
  std::shared_ptr<State> state_;
};

}  // namespace seatrial::console
