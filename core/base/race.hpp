// SPDX-License-Identifier: Apache-2.0
#pragma once
// race(a, b): runs two tasks and returns the result of the one that ends first; the other is
// cancelled and unwound before this returns. An exception of the first one to end is thrown on. The
// error-hiding operator|| of awaitable_operators is not used anywhere.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <variant>

#include "core/base/task.hpp"

namespace seatrial {

template <class A, class B>
Task<std::variant<A, B>> race(Task<A> a, Task<B> b) {
  namespace asio = boost::asio;
  auto executor = co_await asio::this_coro::executor;
  auto [order, a_thrown, a_value, b_thrown, b_value] =
      co_await asio::experimental::make_parallel_group(
          asio::co_spawn(executor, std::move(a), asio::deferred),
          asio::co_spawn(executor, std::move(b), asio::deferred))
          .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (order[0] == 0) {
    if (a_thrown) std::rethrow_exception(a_thrown);
    co_return std::variant<A, B>(std::in_place_index<0>, std::move(a_value));
  }
  if (b_thrown) std::rethrow_exception(b_thrown);
  co_return std::variant<A, B>(std::in_place_index<1>, std::move(b_value));
}

}  // namespace seatrial
