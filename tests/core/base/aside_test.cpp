// SPDX-License-Identifier: Apache-2.0
#include "core/base/aside.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>

#include "core/base/within.hpp"

namespace seatrial {
namespace {
namespace asio = boost::asio;
using namespace std::chrono_literals;

template <class T>
Result<T> run(Task<Result<T>> task) {
  asio::io_context context;
  std::optional<Result<T>> result;
  asio::co_spawn(context, std::move(task), [&](std::exception_ptr thrown, Result<T> value) {
    if (thrown) std::rethrow_exception(thrown);
    result.emplace(std::move(value));
  });
  context.run();
  return std::move(*result);
}

Task<Result<std::thread::id>> where() {
  std::function<Result<std::thread::id>()> work = [] {
    return Result<std::thread::id>(std::this_thread::get_id());
  };
  co_return co_await aside(std::move(work));
}

TEST(Aside, the_work_runs_on_another_thread_and_its_value_comes_back) {
  const auto id = run(where());
  ASSERT_TRUE(id.has_value());
  EXPECT_NE(*id, std::this_thread::get_id());
}

Task<Result<int>> failing() {
  std::function<Result<int>()> work = [] {
    return Result<int>(Failure("disk.broken", Blame::bench, "it broke", "mend it"));
  };
  co_return co_await aside(std::move(work));
}

TEST(Aside, a_failure_is_the_callers) {
  const auto failed = run(failing());
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code(), "disk.broken");
}

Task<Result<int>> throwing() {
  std::function<Result<int>()> work = []() -> Result<int> { throw std::runtime_error("thrown"); };
  co_return co_await aside(std::move(work));
}

TEST(Aside, an_exception_is_the_callers) { EXPECT_THROW(run(throwing()), std::runtime_error); }

struct Gate {
  std::promise<void> open;
  std::atomic<bool> done = false;
};

Task<Result<int>> waiting(Gate* gate) {
  std::function<Result<int>()> work = [gate] {
    gate->open.get_future().wait();
    gate->done = true;
    return Result<int>(1);
  };
  co_return co_await aside(std::move(work));
}

Task<Result<bool>> cancelled_while(Gate* gate) {
  Budget budget(1ms, "the work aside");
  std::thread opener([gate] {
    std::this_thread::yield();
    gate->open.set_value();
  });
  auto ended = co_await within(std::move(budget), waiting(gate));
  opener.join();
  co_return gate->done.load();
}

TEST(Aside, a_caller_that_is_cancelled_waits_for_the_end_of_the_work) {
  Gate gate;
  const auto done = run(cancelled_while(&gate));
  ASSERT_TRUE(done.has_value());
  EXPECT_TRUE(*done);
}

}  // namespace
}  // namespace seatrial
