// SPDX-License-Identifier: Apache-2.0
#pragma once
// within(budget, task): the only way to wait. Runs the task and, when the budget runs out first,
// cancels it and returns a Failure that names what was waited for. An error of the task surfaces at
// once (operator|| of awaitable_operators would hide it until the timer ends). The task's locals
// are unwound before this returns.

#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/kept.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial {

/// How long something may take, and what to say when it took longer. Has constructors on purpose:
/// g++ 12 destroys temporaries of aggregates inside a co_await expression twice.
class Budget {
 public:
  Budget(Duration span, std::string waited_for) : span(span), waited_for(std::move(waited_for)) {}
  Budget&& with_code(std::string value) && {
    code = std::move(value);
    return std::move(*this);
  }
  Budget&& with_blame(Blame value) && {
    blame = value;
    return std::move(*this);
  }
  Budget&& with_advice(std::string value) && {
    advice = std::move(value);
    return std::move(*this);
  }

  Duration span;
  std::string waited_for;         ///< "the SSH banner of the DUT"
  std::string code = "deadline";  ///< stable code of the failure
  Blame blame = Blame::unknown;   ///< whose limit it is; unknown for guard deadlines of ours
  std::string advice =
      "see the console log and the host's load; raise the budget if the host is slow";
};

Failure budget_exhausted(const Budget& budget);

/// Runs the body; false when the span ended first and the body was cancelled for that.
Task<bool> ends_in_time(Duration span, Task<> body);

template <class T>
Task<Result<T>> within(Budget budget, Task<Result<T>> task) {
  std::optional<Result<T>> result;
  const bool in_time = co_await ends_in_time(budget.span, kept(std::move(task), result));
  if (!in_time) co_return budget_exhausted(budget);
  co_return std::move(*result);
}

/// Waits for a span of time; for back-off between tries, never in place of waiting for a fact.
Task<> pause(Duration span);

}  // namespace seatrial
