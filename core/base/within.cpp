// SPDX-License-Identifier: Apache-2.0
#include "core/base/within.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace seatrial {

Failure budget_exhausted(const Budget& budget) {
  return Failure(
      budget.code, budget.blame,
      "waited " + human_duration(budget.span) + " for " + budget.waited_for + ", in vain",
      budget.advice);
}

Task<> pause(Duration span) {
  boost::asio::steady_timer timer(
      co_await boost::asio::this_coro::executor,
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(span));
  co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace seatrial
