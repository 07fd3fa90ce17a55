// SPDX-License-Identifier: Apache-2.0
#pragma once
// unless(breaker, task): runs the task; when the breaker ends first with a failure, the task is
// cancelled, unwound, and that failure is the result. For "do this, unless the machine dies". A
// breaker that ends well changes nothing.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <tuple>
#include <utility>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial {

/// Ends with the breaker's failure only; one that ended well is as if it waited for ever.
Task<Result<>> only_failures(Task<Result<>> breaker);

template <class T>
Task<Result<T>> unless(Task<Result<>> breaker, Task<Result<T>> task) {
  namespace asio = boost::asio;
  auto executor = co_await asio::this_coro::executor;
  auto outcome = co_await asio::experimental::make_parallel_group(
                     asio::co_spawn(executor, std::move(task), asio::deferred),
                     asio::co_spawn(executor, only_failures(std::move(breaker)), asio::deferred))
                     .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  const auto order = std::get<0>(outcome);
  const std::exception_ptr thrown = std::get<1>(outcome);
  const std::exception_ptr breaker_thrown = std::get<3>(outcome);
  if (order[0] == 1 && !breaker_thrown) co_return std::get<4>(outcome).error();
  if (thrown) std::rethrow_exception(thrown);
  co_return std::move(std::get<2>(outcome));
}

}  // namespace seatrial
