// SPDX-License-Identifier: Apache-2.0
#include "core/base/aside.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>

namespace seatrial {
namespace asio = boost::asio;

Task<> run_aside(std::function<void()> work) {
  static asio::thread_pool pool(2);
  auto executor = co_await asio::this_coro::executor;
  std::exception_ptr thrown;
  const auto start = [&](auto handler) {
    auto resume = std::make_shared<decltype(handler)>(std::move(handler));
    auto stay = asio::make_work_guard(executor);
    asio::post(pool, [&work, &thrown, executor, stay, resume] {
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
      asio::post(executor, [resume] { std::move (*resume)(); });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace seatrial
