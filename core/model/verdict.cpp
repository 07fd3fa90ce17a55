// SPDX-License-Identifier: Apache-2.0
#include "core/model/verdict.hpp"

#include <numeric>

namespace seatrial::model {
namespace {
constexpr std::array<std::string_view, kVerdicts> kWords{"pass", "fail",    "error", "timeout",
                                                         "skip", "not_run", "flaky"};
}

std::string_view to_string(Verdict verdict) { return kWords[static_cast<std::size_t>(verdict)]; }

std::optional<Verdict> verdict_from_string(std::string_view word) {
  for (std::size_t i = 0; i < kWords.size(); ++i)
    if (kWords[i] == word) return static_cast<Verdict>(i);
  return std::nullopt;
}

Verdict verdict_of(const Failure& failure) {
  if (failure.blame() == Blame::product) return Verdict::fail;
  if (failure.blame() == Blame::cancelled) return Verdict::not_run;
  if (failure.blame() == Blame::unknown && failure.code().rfind("deadline", 0) == 0)
    return Verdict::timeout;
  return Verdict::error;
}

Verdict verdict_of_attempts(const std::vector<Verdict>& attempts) {
  Tally tally;
  for (const auto verdict : attempts) tally.add(verdict);
  for (const auto red : {Verdict::fail, Verdict::error, Verdict::timeout})
    if (tally.of(red)) return tally.of(Verdict::pass) ? Verdict::flaky : red;
  for (const auto verdict : {Verdict::flaky, Verdict::not_run})
    if (tally.of(verdict)) return verdict;
  if (tally.of(Verdict::pass) && tally.of(Verdict::skip)) return Verdict::flaky;
  for (const auto verdict : {Verdict::pass, Verdict::skip})
    if (tally.of(verdict)) return verdict;
  return Verdict::not_run;
}

std::size_t Tally::total() const {
  return std::accumulate(count.begin(), count.end(), std::size_t{0});
}

ExitCode exit_code(const Tally& tally) {
  if (tally.of(Verdict::fail) + tally.of(Verdict::flaky) > 0) return exit_failed;
  if (tally.of(Verdict::error) + tally.of(Verdict::timeout) + tally.of(Verdict::not_run) > 0)
    return exit_not_proven;
  return tally.of(Verdict::pass) > 0 ? exit_proven : exit_not_proven;
}

}  // namespace seatrial::model
