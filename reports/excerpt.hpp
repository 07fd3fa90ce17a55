// SPDX-License-Identifier: Apache-2.0
#pragma once
// The part of a console log that explains an attempt: its last lines before the failure, and the
// surroundings of sentinel hits further up. Bounded whatever the size of the log. Lines hold raw
// bytes; writers make them safe.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

struct ExcerptLine {
  enum class Kind { ordinary, suspicious, explains };
  std::uint64_t offset = 0;
  std::uint64_t next = 0;     ///< offset of the line after it
  std::uint64_t skipped = 0;  ///< bytes left out between the previous line and this one
  std::string bytes;          ///< without its line end, cut at kLongestLine
  std::optional<double> at;   ///< seconds since the run began
  Kind kind = Kind::ordinary;
};

struct Excerpt {
  std::uint64_t begin = 0, end = 0;  ///< of the attempt in console.log
  bool certain = false;              ///< the line marked `explains` is a sentinel, not a guess
  std::vector<ExcerptLine> lines;    ///< empty: the console was silent, or there is no log

  const ExcerptLine* explaining() const;
};

inline constexpr std::size_t kLongestLine = 600;
inline constexpr std::size_t kTailLines = 40;

/// Finds excerpts for the attempts of one run. Holds references to both arguments.
class Excerpts {
 public:
  Excerpts(const RunRecord& run, const RunFolder& folder);
  Excerpt of(const Attempt& attempt, std::size_t tail_lines = kTailLines) const;

 private:
  struct Window {
    std::uint64_t focus = 0;  ///< in the line of interest
    std::size_t before = 0, after = 0;
  };
  void set_range(const Attempt& attempt, Excerpt& into) const;
  void add_window(const Window& window, const Excerpt& range, std::vector<ExcerptLine>& into) const;

  static void mark_explanation(const std::vector<std::uint64_t>& hits, int worth_naming,
                               Excerpt& excerpt);

  const RunFolder& folder_;
  std::vector<ConsoleMark> marks_;  ///< of the whole run, by time
  std::vector<double> begins_;      ///< of all attempts that began, by time
};

}  // namespace seatrial::reports
