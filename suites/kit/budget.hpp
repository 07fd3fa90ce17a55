// SPDX-License-Identifier: Apache-2.0
#pragma once
// Budgets and limits in words. Spans are reference seconds: the bench multiplies them with the
// scale it measured (slow host, emulation) before they are used or compared.
//
//   bench.next_boot(within(6min));
//   bench.measure("rollback", back.at - tried.at, at_most(10min));
//   bench.measure("journal_on_disk", megabytes, "MB", at_most(32));

#include <chrono>
#include <optional>

namespace seatrial::kit {

using Seconds = std::chrono::duration<double>;

struct Within {
  Seconds span;
};
constexpr Within within(Seconds span) { return {span}; }

struct Limit {
  std::optional<double> at_most, at_least;
  bool is_time = false;  ///< scaled like a budget
};
constexpr Limit at_most(double value) { return {value, {}, false}; }
constexpr Limit at_least(double value) { return {{}, value, false}; }
constexpr Limit at_most(Seconds span) { return {span.count(), {}, true}; }
constexpr Limit at_least(Seconds span) { return {{}, span.count(), true}; }

}  // namespace seatrial::kit
