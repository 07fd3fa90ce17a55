// SPDX-License-Identifier: Apache-2.0
#include "reports/excerpt.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string_view>

namespace seatrial::reports {
namespace {
constexpr std::size_t kWindowBytes = 32u << 10;
constexpr std::size_t kMostSentinels = 3;
/// The log gives wall times in milliseconds, the console index in nanoseconds.
constexpr double kClockGrain = 0.002;
/// The weight from which a guess may be shown as the explanation: of what may be the fault of the
/// product, and of what something else has been found guilty of.
constexpr int kWorthNaming = 3, kTooLoudToHide = 6;

struct Word {
  std::string_view text;  ///< lower case
  int weight;
};
constexpr std::array kWords{
    Word{"kernel panic", 9},
    Word{"unable to mount root", 8},
    Word{"oops", 6},
    Word{"bug:", 6},
    Word{"out of memory", 6},
    Word{"segfault", 5},
    Word{"no space left", 5},
    Word{"i/o error", 5},
    Word{"ext4-fs error", 5},
    Word{"emergency mode", 5},
    Word{"[failed]", 4},
    Word{"failed to start", 4},
    Word{"read-only file system", 4},
    Word{"watchdog", 3},
    Word{"timed out", 3},
    Word{"fatal", 3},
    Word{"error", 2},
    Word{"failed", 2},
    Word{"denied", 2},
    Word{"refused", 2},
    Word{"not found", 1},
    Word{"unhealthy", 3},
    Word{"rollback", 3},
};

int weight_of(std::string_view line) {
  std::string lower(line.substr(0, kLongestLine));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  int most = 0;
  for (const auto& word : kWords)
    if (word.weight > most && lower.find(word.text) != std::string::npos) most = word.weight;
  return most;
}

/// When the attempt went wrong: its first failed expectation or step, else its end.
double moment_of_failure(const Attempt& attempt) {
  double moment = attempt.at + attempt.seconds;
  for (const auto& claim : attempt.assertions)
    if (!claim.ok) moment = std::min(moment, claim.at);
  for (const auto& step : attempt.steps)
    if (step.finished && !step.ok) moment = std::min(moment, step.at + step.seconds);
  return moment;
}

std::vector<ExcerptLine> split_lines(std::string_view bytes, std::uint64_t offset) {
  std::vector<ExcerptLine> lines;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    std::string_view line = bytes.substr(at, end - at);
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ExcerptLine made;
    made.offset = offset + at;
    made.next = offset + end + 1;
    made.bytes = line.substr(0, kLongestLine);
    lines.push_back(std::move(made));
    at = end + 1;
  }
  return lines;
}

}  // namespace

const ExcerptLine* Excerpt::explaining() const {
  for (const auto& line : lines)
    if (line.kind == ExcerptLine::Kind::explains) return &line;
  return nullptr;
}

Excerpts::Excerpts(const RunRecord& run, const RunFolder& folder) : folder_(folder) {
  const auto add = [this](const Happenings& from) {
    marks_.insert(marks_.end(), from.marks.begin(), from.marks.end());
  };
  add(run.outside);
  for (const auto& of : run.cases)
    for (const auto& attempt : of.attempts) {
      add(attempt);
      if (attempt.started) begins_.push_back(attempt.at);
    }
  std::sort(begins_.begin(), begins_.end());
  std::stable_sort(marks_.begin(), marks_.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
}

void Excerpts::set_range(const Attempt& attempt, Excerpt& into) const {
  const std::uint64_t size = folder_.console_size();
  const auto by_time = [](const ConsoleMark& mark, double at) { return mark.at < at; };
  const double ended = attempt.at + attempt.seconds;
  // Marks are made when something happens, so the last one before the attempt is a lower bound.
  auto first = std::lower_bound(marks_.begin(), marks_.end(), attempt.at, by_time);
  auto after = std::lower_bound(first, marks_.end(), ended + 1e-6, by_time);
  into.begin = first != after ? first->offset : first != marks_.begin() ? (first - 1)->offset : 0;
  into.end = after != marks_.end() ? after->offset : size;
  if (const auto known = folder_.console_offset_at(attempt.at)) into.begin = *known;
  // The line that ended an attempt came in its last instant, and belongs to it. What comes after
  // another attempt has begun does not.
  double until = ended + kClockGrain;
  const auto next = std::upper_bound(begins_.begin(), begins_.end(), attempt.at);
  if (next != begins_.end()) until = std::min(until, std::max(*next, ended));
  if (const auto known = folder_.console_offset_at(until)) into.end = *known;
  for (const auto& hit : attempt.sentinels) {
    into.begin = std::min(into.begin, hit.offset);
    into.end = std::max(into.end, hit.offset + hit.line.size());
  }
  into.end = std::min(into.end, size);
  into.begin = std::min(into.begin, into.end);
}

void Excerpts::add_window(const Window& window, const Excerpt& range,
                          std::vector<ExcerptLine>& into) const {
  const std::uint64_t lowest = range.begin;
  const std::uint64_t from =
      window.focus > lowest + kWindowBytes ? window.focus - kWindowBytes : lowest;
  const std::uint64_t limit = window.after ? window.focus + kWindowBytes / 4 : window.focus;
  const std::uint64_t to = std::max(from, std::min(limit, range.end));
  auto lines = split_lines(folder_.console(from, to - from), from);
  // A window that begins inside a line does not show the rest of that line as if it were one.
  const bool inside = from > lowest && folder_.console(from - 1, 1) != "\n";
  if (inside && lines.size() > 1) lines.erase(lines.begin());
  std::size_t focus = lines.size();
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (lines[i].offset <= window.focus) focus = i + 1;
  const std::size_t begin = focus > window.before + 1 ? focus - window.before - 1 : 0;
  const std::size_t end = std::min(lines.size(), focus + window.after);
  for (std::size_t i = begin; i < end; ++i) into.push_back(std::move(lines[i]));
}

Excerpt Excerpts::of(const Attempt& attempt, std::size_t tail_lines) const {
  Excerpt excerpt;
  if (!attempt.started || folder_.console_size() == 0) return excerpt;
  set_range(attempt, excerpt);

  std::vector<ExcerptLine> found;
  std::uint64_t focus = excerpt.end;
  if (const auto known = folder_.console_offset_at(moment_of_failure(attempt)))
    focus = std::clamp(*known, excerpt.begin, excerpt.end);
  add_window({.focus = focus, .before = tail_lines, .after = focus < excerpt.end ? 8u : 0u},
             excerpt, found);
  std::vector<std::uint64_t> hits;
  for (const auto& hit : attempt.sentinels)
    if (!hit.allowed && hits.size() < kMostSentinels) {
      hits.push_back(hit.offset);
      add_window({.focus = hit.offset, .before = 6, .after = 10}, excerpt, found);
    }

  std::map<std::uint64_t, ExcerptLine> by_offset;
  for (auto& line : found) by_offset.try_emplace(line.offset, std::move(line));
  std::uint64_t expected = excerpt.begin;
  for (auto& [offset, line] : by_offset) {
    line.skipped = offset > expected ? offset - expected : 0;
    expected = line.next;
    line.at = folder_.console_time(offset);
    if (weight_of(line.bytes) > 0) line.kind = ExcerptLine::Kind::suspicious;
    excerpt.lines.push_back(std::move(line));
  }
  const auto blame = attempt.failure ? attempt.failure->blame() : Blame::unknown;
  const bool open = blame == Blame::product || blame == Blame::unknown;
  mark_explanation(hits, open ? kWorthNaming : kTooLoudToHide, excerpt);
  return excerpt;
}

void Excerpts::mark_explanation(const std::vector<std::uint64_t>& hits, int worth_naming,
                                Excerpt& excerpt) {
  for (const auto hit : hits)
    for (auto& line : excerpt.lines)
      if (line.offset <= hit && hit < line.next) {
        line.kind = ExcerptLine::Kind::explains;
        excerpt.certain = true;
      }
  if (excerpt.certain) return;
  ExcerptLine* likely = nullptr;
  int most = worth_naming;
  for (auto& line : excerpt.lines)
    if (const int weight = weight_of(line.bytes); weight >= most) {
      likely = &line;
      most = weight;
    }
  if (likely) likely->kind = ExcerptLine::Kind::explains;
}

}  // namespace seatrial::reports
