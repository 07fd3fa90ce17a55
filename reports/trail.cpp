// SPDX-License-Identifier: Apache-2.0
#include "reports/trail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/escape.hpp"
#include "reports/headline.hpp"

namespace seatrial::reports {
namespace {

std::string step_line(const Step& step, double zero) {
  const char* mark = !step.finished ? "..." : step.ok ? "ok " : "NOT";
  std::string line =
      fmt::format("{:>9.3f}  {} {:{}}{}", step.at - zero, mark, "", 2 * std::min(step.depth, 8),
                  one_line(step.text.empty() ? step.name : step.text, 160));
  line += "  " + span(step.seconds);
  if (step.budget_seconds > 0) line += " of " + span(step.budget_seconds);
  if (!step.finished) line += "  never ended";
  if (step.finished && !step.ok && step.failure)
    line += "\n               " + one_line(step.failure->what(), 300);
  return line + "\n";
}

}  // namespace

std::string number_text(double value) {
  if (!std::isfinite(value)) return "no number";
  return fmt::format("{:.6g}", value);
}

std::string measurement_text(const Measurement& made) {
  std::string text = number_text(made.value);
  const std::string unit = made.unit.empty() ? "" : " " + made.unit;
  text += unit;
  if (made.limit_kind != Measurement::Limit::none)
    text += fmt::format(" ({} {}{})",
                        made.limit_kind == Measurement::Limit::at_most ? "at most" : "at least",
                        number_text(made.limit), unit);
  if (!made.ok) text += ": outside its limit";
  return text;
}

std::string failure_text(const Attempt& attempt) {
  std::string text;
  if (attempt.failure) {
    const auto& failure = *attempt.failure;
    text += failure.what() + "\n";
    for (const auto& note : failure.context()) text += "  while " + note + "\n";
    text += fmt::format("whose fault: {} ({})\n", blame_words(failure.blame()), failure.code());
    text += "what to do:  " + failure.advice() + "\n";
  }
  std::size_t shown = 0;
  for (const auto& claim : attempt.assertions) {
    if (claim.ok || ++shown > 20) continue;
    text += "\n";
    if (!claim.file.empty()) text += fmt::format("{}:{}:\n", claim.file, claim.line);
    text += clipped(claim.text, 4000) + "\n";
  }
  if (shown > 20) text += fmt::format("\n{} more expectations failed\n", shown - 20);
  return text;
}

std::string trail_text(const Attempt& attempt, std::size_t most) {
  std::string text;
  std::size_t shown = 0, hidden = 0;
  for (const auto& step : attempt.steps) {
    if (shown < most || !step.ok || !step.finished) {
      text += step_line(step, attempt.at);
      ++shown;
    } else {
      ++hidden;
    }
  }
  if (hidden + attempt.left_out)
    text += fmt::format("           ({} more are in events.jsonl)\n",
                        count_of(hidden + attempt.left_out, "step"));
  for (const auto& boot : attempt.boots)
    text +=
        fmt::format("{:>9.3f}  boot {} slot {} {}\n", boot.at - attempt.at,
                    one_line(boot.number, 20), one_line(boot.slot, 40), one_line(boot.reason, 80));
  for (const auto& hit : attempt.sentinels)
    text += fmt::format("{:>9.3f}  console {}{}: {}\n", hit.at - attempt.at, one_line(hit.id, 60),
                        hit.allowed ? " (allowed)" : "", one_line(hit.line));
  for (const auto& made : attempt.measurements)
    text += fmt::format("{:>9.3f}  measured {} = {}\n", made.at - attempt.at,
                        one_line(made.name, 80), measurement_text(made));
  return text;
}

std::string console_text(const Excerpt& excerpt, double zero) {
  std::string text;
  for (const auto& line : excerpt.lines) {
    if (line.skipped) text += fmt::format("  [... {} bytes ...]\n", line.skipped);
    text += line.kind == ExcerptLine::Kind::explains ? "> " : "  ";
    if (line.at) text += fmt::format("{:>9.3f}  ", *line.at - zero);
    std::string bytes = plain(std::string_view(line.bytes).substr(0, 300));
    std::replace(bytes.begin(), bytes.end(), '\n', ' ');
    text += bytes + "\n";
  }
  return text;
}

}  // namespace seatrial::reports
