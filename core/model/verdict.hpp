// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a case came to, and what the process that ran cases exits with.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/failure.hpp"

namespace seatrial::model {

enum class Verdict {
  pass,     ///< every expectation held
  fail,     ///< an expectation about the product failed, or a product budget ran out
  error,    ///< fault of bench, suite or Seatrial: carries blame, code and advice
  timeout,  ///< a guard deadline of ours ran out; nobody is accused yet
  skip,     ///< not applicable: the missing capability, or the waiver
  not_run,  ///< what stopped it
  flaky,    ///< attempts differ; of a case over its attempts, never of one attempt
};
inline constexpr std::size_t kVerdicts = 7;

std::string_view to_string(Verdict verdict);
std::optional<Verdict> verdict_from_string(std::string_view word);

/// The verdict that a failure of a step gives its case: product -> fail, a guard deadline
/// ("deadline...") of unknown blame -> timeout, cancelled -> not_run, all else -> error.
Verdict verdict_of(const Failure& failure);

/// What a case came to over its attempts. One that passed and one that did not make it flaky;
/// without a pass the worst one counts (fail, error, timeout, in this order); passes beside an
/// attempt that was not run are not_run: never silently green. No attempts: not_run.
Verdict verdict_of_attempts(const std::vector<Verdict>& attempts);

/// Counts per verdict, indexed by Verdict.
struct Tally {
  std::array<std::size_t, kVerdicts> count{};
  void add(Verdict verdict) { ++count[static_cast<std::size_t>(verdict)]; }
  std::size_t of(Verdict verdict) const { return count[static_cast<std::size_t>(verdict)]; }
  std::size_t total() const;
};

enum ExitCode : int {
  exit_proven = 0,      ///< all chosen cases passed or were skipped, and at least one passed
  exit_failed = 1,      ///< any fail or flaky
  exit_usage = 2,       ///< wrong usage or input
  exit_not_proven = 3,  ///< error, timeout, not_run, or nothing but skips
  exit_hold = 4,        ///< the gate says hold
  exit_interrupted = 130
};
ExitCode exit_code(const Tally& tally);

}  // namespace seatrial::model
