// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/blame.hpp"

namespace seatrial::bench {
namespace {

/// What a kernel says that was not given the time it needs.
bool tells_of_starving(const std::string& sentinel) {
  for (const char* prefix : {"lockup.", "rcu_stall", "hung_task", "watchdog."})
    if (sentinel.rfind(prefix, 0) == 0) return true;
  return false;
}

}  // namespace

Failure failure_of(const std::string& sentinel, const std::string& line, bool host_overloaded) {
  if (host_overloaded && tells_of_starving(sentinel))
    return Failure("sentinel." + sentinel, Blame::unknown,
                   "the console said: " + line + "; the host of this emulated device is overloaded",
                   "run it again on a quieter host");
  return Failure("sentinel." + sentinel, Blame::product, "the console said: " + line,
                 "see the console log at this line; a case that provokes it on purpose allows it");
}

std::optional<Failure> explained(const Failure& failure, const SinceThen& since) {
  if (since.alarm) return since.alarm;
  if (!since.then.powered)
    return Failure(failure.code(), Blame::suite, failure.what() + "; the DUT was off",
                   "switch it on first: bench.power_on()");
  if (since.then.ended) return std::nullopt;
  const auto& now = *since.now;
  std::string what;
  if (now.number != since.then.boot)
    what = "the DUT started anew meanwhile: " + now.why;
  else if (now.ended())
    what = "its boot ended meanwhile, by " + now.ended_by;
  else if (!since.powered)
    what = "its power went off meanwhile";
  else
    return std::nullopt;
  const auto reason = now.reason;
  const bool anew = now.number != since.then.boot;
  const bool crashed = now.panicked || (anew && reason != dut::BootReason::reboot &&
                                        reason != dut::BootReason::power_on);
  return Failure(failure.code(), crashed ? Blame::product : Blame::unknown,
                 failure.what() + "; " + what,
                 "see the console log of boot " + std::to_string(now.number) +
                     "; a case that expects a restart asks for it by a verb of its own");
}

}  // namespace seatrial::bench
