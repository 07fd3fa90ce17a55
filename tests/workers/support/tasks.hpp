// SPDX-License-Identifier: Apache-2.0
#pragma once
// For tests of coroutines: runs one to its end on an io_context, with a nursery for what the code
// under test leaves in the background. A test that hangs fails after `limit`.

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>

#include "core/base/nursery.hpp"
#include "core/base/within.hpp"

namespace seatrial::test {

/// One io_context and one nursery. `run` may be called many times; background work goes on while it
/// runs. The nursery is cancelled and joined at the end.
class Loop {
 public:
  Loop() : nursery_(std::make_unique<Nursery>(io.get_executor())) {}
  ~Loop() {
    nursery_->cancel();
    (void)run(join(nursery_.get()));
  }

  Nursery& nursery() { return *nursery_; }
  boost::asio::any_io_executor executor() { return io.get_executor(); }

  template <class T>
  T run(Task<T> task, std::chrono::seconds limit = std::chrono::seconds(120)) {
    std::exception_ptr thrown;
    std::optional<T> value;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T result) {
      thrown = error;
      value.emplace(std::move(result));
    });
    const auto end = std::chrono::steady_clock::now() + limit;
    io.restart();
    while (!value && io.run_one_until(end) > 0) {
    }
    if (!value) {
      ADD_FAILURE() << "the test hangs: nothing left to run, or " << limit.count() << " s are over";
      std::abort();  // locals of the caller are still used by the coroutine
    }
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*value);
  }

  /// Runs until `done` or the limit; true when done.
  bool run_until(std::function<bool()> done, Duration limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    boost::asio::steady_timer tick(io);
    while (!done() && std::chrono::steady_clock::now() < end) {
      tick.expires_after(std::chrono::milliseconds(5));
      tick.async_wait([](auto) {});
      io.restart();
      io.run_one_until(end);
    }
    return done();
  }

  boost::asio::io_context io;

 private:
  static Task<Result<>> join(Nursery* nursery) { co_return co_await nursery->join(); }
  std::unique_ptr<Nursery> nursery_;
};

}  // namespace seatrial::test
