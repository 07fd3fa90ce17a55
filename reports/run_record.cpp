// SPDX-License-Identifier: Apache-2.0
#include "reports/run_record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/event.hpp"
#include "reports/fold.hpp"

namespace seatrial::reports {
using model::Verdict;

std::size_t Case::passed_attempts() const {
  return static_cast<std::size_t>(
      std::count_if(attempts.begin(), attempts.end(),
                    [](const Attempt& attempt) { return attempt.verdict == Verdict::pass; }));
}

double Case::seconds() const {
  double sum = 0;
  for (const auto& attempt : attempts) sum += attempt.seconds;
  return sum;
}

const Attempt& Case::telling() const {
  const auto last = [this](auto fits) {
    const auto it = std::find_if(attempts.rbegin(), attempts.rend(), fits);
    return it == attempts.rend() ? nullptr : &*it;
  };
  const auto red = [](const Attempt& attempt) {
    return attempt.verdict == Verdict::fail || attempt.verdict == Verdict::error ||
           attempt.verdict == Verdict::timeout;
  };
  if (const auto* found = last([this](const Attempt& a) { return a.verdict == verdict; }))
    return *found;
  if (const auto* found = last(red)) return *found;
  const auto* other = last([](const Attempt& a) { return a.verdict != Verdict::pass; });
  return other ? *other : attempts.back();
}

std::string RunRecord::fact(const std::string& group, const std::string& name) const {
  for (const auto& fact : facts)
    if (fact.group == group && fact.name == name) return fact.value;
  return {};
}

model::ExitCode RunRecord::exit_code() const {
  if (interrupted) return model::exit_interrupted;
  const auto code = model::exit_code(tally);
  if (code == model::exit_proven && (failure || !finished)) return model::exit_not_proven;
  return code;
}

Result<RunRecord> read_run_record(const std::filesystem::path& run_folder) {
  Fold fold;
  const auto path = run_folder / "events.jsonl";
  TRY(const auto log,
      model::for_each_event(path, [&fold](const model::Event& event) { fold.add(event); }));
  if (log.events == 0)
    return Failure("report.empty_log", Blame::seatrial, path.string() + " has no readable event",
                   "give the folder of a run that has at least begun, as printed at its end");
  if (log.torn) fold.warn("the last line of the log is torn: the run was killed while writing it");
  if (!log.bad.empty())
    fold.warn(fmt::format("{} lines of the log could not be read, the first is line {}",
                          log.bad.size(), log.bad.front()));
  return std::move(fold).finish();
}

}  // namespace seatrial::reports
