// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/blame.hpp"

namespace seatrial::bench {

std::optional<Failure> explained(const Failure& failure, const SinceThen& since) {
  if (since.alarm) return since.alarm;
  const auto& now = *since.now;
  std::string what;
  if (now.number != since.boot)
    what = "the DUT started anew meanwhile: " + now.why;
  else if (now.ended())
    what = "its boot ended meanwhile, by " + now.ended_by;
  else if (!since.powered)
    what = "its power went off meanwhile";
  else
    return std::nullopt;
  return Failure(failure.code(), Blame::product, failure.what() + "; " + what,
                 "see the console log of boot " + std::to_string(now.number) +
                     "; a case that expects a restart asks for it by a verb of its own");
}

}  // namespace seatrial::bench
