// SPDX-License-Identifier: Apache-2.0
#include "core/base/unless.hpp"

#include <boost/asio/steady_timer.hpp>

namespace seatrial {
namespace asio = boost::asio;

Task<Result<>> only_failures(Task<Result<>> breaker) {
  auto result = co_await std::move(breaker);
  if (!result) co_return result.error();
  asio::steady_timer never(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  co_await never.async_wait(asio::use_awaitable);  // ends by cancellation alone
  co_return Result<>();
}

}  // namespace seatrial
