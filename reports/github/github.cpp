// SPDX-License-Identifier: Apache-2.0
#include "reports/github/github.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "reports/escape.hpp"
#include "reports/headline.hpp"

namespace seatrial::reports {
namespace {
using model::Verdict;

constexpr std::size_t kMostOfAKind = 10;

std::string encoded(std::string_view text, bool is_property) {
  std::string safe;
  for (const char c : text) {
    const bool special =
        c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','));
    safe += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return safe;
}

std::string command(std::string_view level, const Case& of) {
  const Attempt& telling = of.telling();
  std::string place;
  for (const auto& claim : telling.assertions)
    if (!claim.ok && !claim.file.empty() && place.empty())
      place = fmt::format("file={},line={},", encoded(one_line(claim.file, 200), true),
                          std::max(claim.line, 1));
  std::string text = why(of);
  if (telling.failure)
    text += fmt::format("\nWhose fault: {}\nWhat to do: {}", blame_words(telling.failure->blame()),
                        one_line(telling.failure->advice(), 400));
  const auto title = one_line(of.full_name(), 150) + " " + std::string(verdict_words(of.verdict));
  return fmt::format("::{} {}title={}::{}\n", level, place, encoded(title, true),
                     encoded(text, false));
}

std::string of_kind(const RunRecord& run, std::string_view level,
                    const std::vector<Verdict>& verdicts) {
  std::vector<const Case*> cases;
  for (const auto verdict : verdicts)
    for (const auto& of : run.cases)
      if (of.verdict == verdict) cases.push_back(&of);
  std::string text;
  const bool all = cases.size() <= kMostOfAKind;
  for (std::size_t i = 0; i < (all ? cases.size() : kMostOfAKind - 1); ++i)
    text += command(level, *cases[i]);
  if (!all)
    text += fmt::format("::{} title=seatrial::{} more, see the report\n", level,
                        count_of(cases.size() - kMostOfAKind + 1, "case"));
  return text;
}

}  // namespace

std::string render_github(const RunRecord& run, const RunFolder&) {
  const auto head = headline(run);
  std::string text = of_kind(run, "error", {Verdict::fail, Verdict::flaky}) +
                     of_kind(run, "warning", {Verdict::error, Verdict::timeout});
  // A good run is told too: an empty file could as well be one that was never written.
  return text +
         fmt::format(
             "::notice title=seatrial::{}\n",
             encoded(one_line(head.word + ": " + head.sentence + ". " + head.warning, 400), false));
}

}  // namespace seatrial::reports
