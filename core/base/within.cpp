// SPDX-License-Identifier: Apache-2.0
#include "core/base/within.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace seatrial {
namespace asio = boost::asio;

Failure budget_exhausted(const Budget& budget) {
  return Failure(
      budget.code, budget.blame,
      "waited " + human_duration(budget.span) + " for " + budget.waited_for + ", in vain",
      budget.advice);
}

Task<bool> ends_in_time(Duration span, Task<> body) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor,
                           std::chrono::duration_cast<std::chrono::steady_clock::duration>(span));
  const auto [order, thrown, timer_error] =
      co_await asio::experimental::make_parallel_group(
          asio::co_spawn(executor, std::move(body), asio::deferred),
          timer.async_wait(asio::deferred))
          .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (order[0] == 1) {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none) co_return false;
  }
  if (thrown) std::rethrow_exception(thrown);
  co_return true;
}

Task<> pause(Duration span) {
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           std::chrono::duration_cast<std::chrono::steady_clock::duration>(span));
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace seatrial
