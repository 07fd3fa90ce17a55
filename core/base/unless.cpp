// SPDX-License-Identifier: Apache-2.0
#include "core/base/unless.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace seatrial {
namespace asio = boost::asio;
namespace {

Task<Result<>> only_failures(Task<Result<>> breaker) {
  auto result = co_await std::move(breaker);
  if (!result) co_return result.error();
  asio::steady_timer never(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  co_await never.async_wait(asio::use_awaitable);  // ends by cancellation alone
  co_return Result<>();
}

}  // namespace

Task<std::optional<Failure>> broken_by(Task<Result<>> breaker, Task<> body) {
  const auto executor = co_await asio::this_coro::executor;
  // The breaker first: it is armed before the body does anything.
  const auto [order, breaker_thrown, broken, thrown] =
      co_await asio::experimental::make_parallel_group(
          asio::co_spawn(executor, only_failures(std::move(breaker)), asio::deferred),
          asio::co_spawn(executor, std::move(body), asio::deferred))
          .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (order[0] == 0 && !breaker_thrown) co_return broken.error();
  if (thrown) std::rethrow_exception(thrown);
  co_return std::nullopt;
}

}  // namespace seatrial
