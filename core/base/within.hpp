// SPDX-License-Identifier: Apache-2.0
#pragma once
// within(budget, task): the only way to wait. Runs the task and, when the budget runs out first,
// cancels it and returns a Failure that names what was waited for. An error of the task surfaces at
// once (operator|| of awaitable_operators would hide it until the timer ends). The task's locals
// are unwound before this returns.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <string>
#include <tuple>

#include "core/base/clock.hpp"
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

template <class T>
Task<Result<T>> within(Budget budget, Task<Result<T>> task) {
  namespace asio = boost::asio;
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(
      executor, std::chrono::duration_cast<std::chrono::steady_clock::duration>(budget.span));
  auto outcome = co_await asio::experimental::make_parallel_group(
                     asio::co_spawn(executor, std::move(task), asio::deferred),
                     timer.async_wait(asio::deferred))
                     .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  const auto order = std::get<0>(outcome);
  const std::exception_ptr thrown = std::get<1>(outcome);
  if (order[0] == 1) {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none) co_return budget_exhausted(budget);
  }
  if (thrown) std::rethrow_exception(thrown);
  co_return std::move(std::get<2>(outcome));
}

/// Waits for a span of time; for back-off between tries, never in place of waiting for a fact.
Task<> pause(Duration span);

}  // namespace seatrial
