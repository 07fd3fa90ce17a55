// SPDX-License-Identifier: Apache-2.0
#include "core/base/within.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace seatrial {
namespace {
using namespace std::chrono_literals;

template <class T>
T run(Task<T> task) {
  boost::asio::io_context io;
  auto done = boost::asio::co_spawn(io, std::move(task), boost::asio::use_future);
  io.run();
  return done.get();
}

Task<Result<int>> after(Duration span, int value) {
  co_await pause(span);
  co_return value;
}

Task<Result<int>> fails_at_once() { co_return Failure("x.y", Blame::bench, "broken", "mend it"); }

TEST(Within, gives_the_value_of_a_task_that_makes_it) {
  EXPECT_EQ(*run(within(Budget(10s, "a value"), after(1ms, 7))), 7);
}

TEST(Within, names_what_was_waited_for_when_the_budget_runs_out) {
  const auto result = run(within(Budget(5ms, "the banner").with_code("ssh.banner"), after(1h, 7)));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "ssh.banner");
  EXPECT_NE(result.error().what().find("the banner"), std::string::npos);
}

TEST(Within, an_instant_failure_surfaces_instantly) {
  const auto begin = std::chrono::steady_clock::now();
  const auto result = run(within(Budget(1h, "nothing"), fails_at_once()));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "x.y");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30min);
}

TEST(Within, nested_budgets_end_at_the_shorter_one) {
  const auto result = run(within(Budget(1h, "outer"), within(Budget(5ms, "inner"), after(1h, 1))));
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().what().find("inner"), std::string::npos);
  const auto turned = run(within(Budget(5ms, "outer"), within(Budget(1h, "inner"), after(1h, 1))));
  ASSERT_FALSE(turned.has_value());
  EXPECT_NE(turned.error().what().find("outer"), std::string::npos);
}

}  // namespace
}  // namespace seatrial
