// SPDX-License-Identifier: Apache-2.0
#pragma once
// The words every format shares, so that a verdict reads the same in a terminal, a pull request and
// a browser.

#include <string>
#include <string_view>
#include <vector>

#include "reports/run_record.hpp"

namespace seatrial::reports {

struct Headline {
  enum class Tone { good, bad, unsure };
  Tone tone = Tone::unsure;
  std::string word;      ///< "Go", "No-go", "Not proven"
  std::string sentence;  ///< "2 of 18 cases failed"
  std::string warning;   ///< "" or what else a reader must know: a mutant, a killed run
};
Headline headline(const RunRecord& run);

/// "failed", "passed", "could not be judged" ...
std::string_view verdict_words(model::Verdict verdict);
/// "The product", "The bench", "Not known yet" ...
std::string_view blame_words(Blame blame);
/// "4.2 s", "12 min 05 s"; "" below zero.
std::string span(double seconds);
/// "1 case", "3 cases"
std::string count_of(std::size_t n, std::string_view noun);
/// Verdicts in the order a reader wants them, worst first.
const std::vector<model::Verdict>& verdicts_by_weight();

/// One line: why the attempt is not green. "" for pass.
std::string why(const Attempt& attempt);
/// why() of the attempt that tells most; "passed 2 of 3 attempts: ..." when flaky.
std::string why(const Case& of);
/// The command that repeats a case, or several, for a POSIX shell; a flaky one as often as it ran.
std::string repeat_command(const RunRecord& run, const Case& of);
std::string repeat_command(const RunRecord& run, const std::vector<const Case*>& cases);
/// Its words after "seatrial", as they are.
std::vector<std::string> repeat_words(const RunRecord& run, const std::vector<const Case*>& cases);
/// "Seatrial reference OS 1.1.0 on qemu-amd64"; as much of it as is known.
std::string subject(const RunRecord& run);

}  // namespace seatrial::reports
