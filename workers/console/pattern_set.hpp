// SPDX-License-Identifier: Apache-2.0
#pragma once
// PatternSet: one or many regular expressions (RE2 syntax, linear time), compiled once, immutable,
// shared. It matches one line at a time; LineFeed and Scanner decide what a line is.
//
// The unit of matching is the line, without its line end and (by default) without control
// sequences.
// `^` and `$` mean the ends of the line. A pattern therefore never spans lines, and one that asks
// for a newline is refused ("console.bad_pattern", blame suite): expect the first line, then the
// next one from where the first ended. Bytes are matched as bytes (Latin-1), so that garbage in a
// line cannot keep `.` from matching.
//
// The unfinished last line is where prompts are, and where a match may still change:
//  - a pattern of fixed shape (no quantifier, alternation or assertion: "login: ") is reported at
//  once;
//  - so is any match that more bytes could not extend (it ends before the last byte);
//  - anything else once the line ends or the console has been quiet for a while (Where).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace seatrial::console {

enum class Where {
  anywhere,  ///< in finished lines, and in an unfinished one that is quiet for 300 ms
  prompt,    ///< the same, but 30 ms of quiet are enough: for "[#$] $"
  line,      ///< in finished lines only
};

struct Pattern {
  Pattern(std::string regex, Where where = Where::anywhere)  // NOLINT: a pattern is written as text
      : regex(std::move(regex)), where(where) {}
  Pattern(const char* regex, Where where = Where::anywhere) : regex(regex), where(where) {}
  std::string regex;
  Where where;
};

/// The pattern that matches exactly `text`.
Pattern literal(std::string_view text, Where where = Where::anywhere);

/// A match within one plain line; positions in that line.
struct Hit {
  std::size_t pattern = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

class PatternSet {
 public:
  using Ptr = std::shared_ptr<const PatternSet>;
  enum class Pick { leftmost, first_pattern };  ///< which one of several in a line

  static Result<Ptr> compile(std::vector<Pattern> patterns, Pick pick = Pick::leftmost);
  /// The same for one pattern.
  static Result<Ptr> compile(Pattern pattern);
  ~PatternSet();
  PatternSet(const PatternSet&) = delete;
  PatternSet& operator=(const PatternSet&) = delete;

  std::size_t size() const;
  const Pattern& at(std::size_t i) const;
  /// "login: " or "one of 'a', 'b' (and 48 more)", for messages.
  std::string describe() const;

  /// The match in a finished line, beginning at or after `from`.
  std::optional<Hit> match(std::string_view line, std::size_t from = 0) const;
  /// The match in an unfinished line that has been quiet for `quiet`, if it can be reported now.
  std::optional<Hit> match_unfinished(std::string_view line, std::size_t from,
                                      Duration quiet) const;
  /// The text of each group of a hit, group 0 first; empty for one that took no part.
  std::vector<std::string> groups(std::string_view line, const Hit& hit) const;

  /// True when every pattern holds a literal, so that candidate() is worth calling.
  bool filtered() const;
  /// Position in `block` (many lines) of text that a pattern needs, at or after `from`, or npos.
  /// Lines without one cannot match.
  std::size_t candidate(std::string_view block, std::size_t from) const;

 private:
  struct Impl;
  explicit PatternSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace seatrial::console
