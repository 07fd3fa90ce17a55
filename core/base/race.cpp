// SPDX-License-Identifier: Apache-2.0
#include "core/base/race.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace seatrial {
namespace asio = boost::asio;

Task<std::size_t> first_of(Task<> a, Task<> b) {
  const auto executor = co_await asio::this_coro::executor;
  const auto [order, a_thrown, b_thrown] =
      co_await asio::experimental::make_parallel_group(
          asio::co_spawn(executor, std::move(a), asio::deferred),
          asio::co_spawn(executor, std::move(b), asio::deferred))
          .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  const auto& thrown = order[0] == 0 ? a_thrown : b_thrown;
  if (thrown) std::rethrow_exception(thrown);
  co_return order[0];
}

}  // namespace seatrial
