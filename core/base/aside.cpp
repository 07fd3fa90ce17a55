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
#include <semaphore>

namespace seatrial {
namespace asio = boost::asio;

Task<> run_aside(std::function<void()> work) {
  static asio::thread_pool pool(2);
  auto executor = co_await asio::this_coro::executor;
  std::exception_ptr thrown;
  const auto left = std::make_shared<std::binary_semaphore>(0);
  const auto start = [&](auto handler) {
    auto resume = std::make_shared<decltype(handler)>(std::move(handler));
    auto stay = asio::make_work_guard(executor);
    asio::post(pool, [&work, &thrown, executor, stay = std::move(stay), resume = std::move(resume),
                      left]() mutable {
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
      {
        const auto to = std::move(executor);
        const auto held = std::move(stay);
        asio::post(to, [resume = std::move(resume)] { std::move (*resume)(); });
      }
      left->release();
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
  // The other thread may still be in post(): whoever we return to may end the io_context.
  left->acquire();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace seatrial
