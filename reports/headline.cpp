// SPDX-License-Identifier: Apache-2.0
#include "reports/headline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/clock.hpp"
#include "core/base/text.hpp"
#include "reports/escape.hpp"

namespace seatrial::reports {
using model::Verdict;

namespace {

/// Options of `seatrial run` that choose what is tested and by which measure; all others (output,
/// repetition, selection) do not belong into the command that repeats one case.
constexpr std::array<std::string_view, 7> kKeptOptions{
    "--image", "--next", "--device", "--profile", "--mutant", "--bench", "--budget-scale"};

std::vector<std::string> kept_options(const RunRecord& run) {
  std::vector<std::string> kept;
  bool names_mutant = false;
  for (std::size_t i = 1; i < run.argv.size(); ++i) {
    const auto& word = run.argv[i];
    const auto option = word.substr(0, word.find('='));
    if (std::find(kKeptOptions.begin(), kKeptOptions.end(), option) == kKeptOptions.end()) continue;
    if (option == word && i + 1 == run.argv.size()) break;
    kept.push_back(word);
    if (option == word) kept.push_back(run.argv[++i]);
    names_mutant = names_mutant || option == "--mutant";
  }
  // A run of `seatrial prove` has its mutant from the proof.
  if (!run.mutant.empty() && !names_mutant) {
    kept.emplace_back("--mutant");
    kept.push_back(run.mutant);
  }
  return kept;
}

std::string of_all(std::size_t n, std::size_t total, std::string_view what) {
  return n == total && total > 1 ? fmt::format("all {} cases {}", total, what)
                                 : fmt::format("{} of {} {}", n, count_of(total, "case"), what);
}

/// "1 of 3 cases could not be judged, 2 not run"
std::string not_proven(const RunRecord& run) {
  const std::size_t absent = run.tally.of(Verdict::not_run), total = run.tally.total();
  const std::size_t open = run.tally.of(Verdict::error) + run.tally.of(Verdict::timeout);
  if (open == 0) return of_all(absent, total, absent == 1 ? "was not run" : "were not run");
  return (open == total ? "no case could be judged" : of_all(open, total, "could not be judged")) +
         (absent ? fmt::format(", {} not run", absent) : "");
}

}  // namespace

std::string_view verdict_words(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "passed";
    case Verdict::fail: return "failed";
    case Verdict::error: return "error";
    case Verdict::timeout: return "timed out";
    case Verdict::skip: return "not applicable";
    case Verdict::not_run: return "not run";
    case Verdict::flaky: return "flaky";
  }
  return "unknown";
}

std::string_view blame_words(Blame blame) {
  switch (blame) {
    case Blame::product: return "The product";
    case Blame::bench: return "The bench";
    case Blame::suite: return "The test itself";
    case Blame::seatrial: return "Seatrial";
    case Blame::cancelled: return "Nobody: cancelled";
    case Blame::unknown: break;
  }
  return "Not known yet";
}

std::string span(double seconds) {
  if (seconds < 0) return {};
  return seconds < 0.0005 ? "0 s" : human_duration(from_seconds(std::min(seconds, 1e8)));
}

std::string count_of(std::size_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

const std::vector<Verdict>& verdicts_by_weight() {
  static const std::vector<Verdict> order{Verdict::fail,    Verdict::flaky,   Verdict::error,
                                          Verdict::timeout, Verdict::not_run, Verdict::skip,
                                          Verdict::pass};
  return order;
}

Headline headline(const RunRecord& run) {
  Headline head;
  const auto n = [&](Verdict verdict) { return run.tally.of(verdict); };
  const std::size_t total = run.tally.total();
  const std::size_t unproven = n(Verdict::error) + n(Verdict::timeout) + n(Verdict::not_run);
  if (n(Verdict::fail) + n(Verdict::flaky) > 0) {
    head = {Headline::Tone::bad, "No-go", "", ""};
    std::vector<std::string> parts;
    if (n(Verdict::fail)) parts.push_back(of_all(n(Verdict::fail), total, "failed"));
    if (n(Verdict::flaky))
      parts.push_back(parts.empty() ? of_all(n(Verdict::flaky), total,
                                             n(Verdict::flaky) == 1 ? "is flaky" : "are flaky")
                                    : fmt::format("{} flaky", n(Verdict::flaky)));
    if (unproven) parts.push_back(fmt::format("{} not proven", unproven));
    head.sentence = join(parts, ", ");
  } else if (run.exit_code() == model::exit_proven) {
    head = {Headline::Tone::good, "Go", of_all(n(Verdict::pass), total, "passed"), ""};
    if (n(Verdict::skip))
      head.sentence = fmt::format("{} passed, {} not applicable",
                                  count_of(n(Verdict::pass), "case"), n(Verdict::skip));
  } else {
    head = {Headline::Tone::unsure, "Not proven", "", ""};
    head.sentence = total == 0 ? "no case was run"
                    : unproven ? not_proven(run)
                    : n(Verdict::pass)
                        ? of_all(n(Verdict::pass), total, "passed, but the run did not end well")
                        : "every case was skipped";
  }
  if (run.interrupted)
    head.warning = "The run was interrupted.";
  else if (run.failure)
    head.warning = run.failure->what();
  else if (!run.finished)
    head.warning = "The log ends without the end of the run: it was killed, or is still going.";
  if (!run.mutant.empty())
    head.warning += (head.warning.empty() ? "" : " ") +
                    fmt::format("Run against the mutant {}: red is expected.", run.mutant);
  return head;
}

std::string why(const Attempt& attempt) {
  if (attempt.verdict == Verdict::pass) return {};
  if (attempt.verdict == Verdict::skip || attempt.verdict == Verdict::not_run)
    return one_line(
        attempt.reason.empty() && attempt.failure ? attempt.failure->what() : attempt.reason, 400);
  return attempt.failure ? one_line(attempt.failure->what(), 400) : std::string();
}

std::string why(const Case& of) {
  const auto text = why(of.telling());
  if (of.verdict != Verdict::flaky) return text;
  return fmt::format("passed {} of {} attempts: {}", of.passed_attempts(), of.attempts.size(),
                     text);
}

std::string repeat_command(const RunRecord& run, const Case& of) {
  return repeat_command(run, std::vector<const Case*>{&of});
}

std::string repeat_command(const RunRecord& run, const std::vector<const Case*>& cases) {
  std::string command = "seatrial";
  for (const auto& word : repeat_words(run, cases)) command += " " + shell_word(word);
  return command;
}

std::vector<std::string> repeat_words(const RunRecord& run, const std::vector<const Case*>& cases) {
  std::vector<std::string> words{"run"};
  std::size_t attempts = 0;
  for (const auto* of : cases) {
    words.push_back(of->full_name());
    if (of->verdict == Verdict::flaky) attempts = std::max(attempts, of->attempts.size());
  }
  // One attempt at a flaky case tells little.
  if (attempts > 1) words.insert(words.end(), {"--repeat", std::to_string(attempts)});
  const auto kept = kept_options(run);
  words.insert(words.end(), kept.begin(), kept.end());
  return words;
}

std::string subject(const RunRecord& run) {
  std::string text = run.image_name;
  if (!run.image_version.empty() && text.find(run.image_version) == std::string::npos)
    text += (text.empty() ? "" : " ") + run.image_version;
  if (!run.device.empty()) text += (text.empty() ? "" : " on ") + run.device;
  return one_line(text.empty() ? "an image that the log does not name" : text, 160);
}

}  // namespace seatrial::reports
