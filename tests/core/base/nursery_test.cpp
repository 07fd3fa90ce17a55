// SPDX-License-Identifier: Apache-2.0
#include "core/base/nursery.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

#include "core/base/within.hpp"

namespace seatrial {
namespace {
using namespace std::chrono_literals;

Task<Result<>> waits_for_ever(int& unwound) {
  struct Mark {
    int& count;
    ~Mark() { ++count; }
  } mark{unwound};
  co_await pause(1h);
  co_return Result<>();
}

Task<Result<>> fails() {
  co_await pause(1ms);
  co_return Failure("child.broke", Blame::bench, "it broke", "mend it");
}

Task<Result<>> throws() {
  co_await pause(1ms);
  throw std::runtime_error("out of cheese");
}

template <class Start>
Result<> joined(Start start) {
  boost::asio::io_context io;
  Nursery nursery(io.get_executor());
  start(nursery);
  auto done = boost::asio::co_spawn(io, nursery.join(), boost::asio::use_future);
  io.run();
  return done.get();
}

TEST(Nursery, the_first_failure_cancels_the_others_and_is_returned_with_its_name) {
  int unwound = 0;
  const auto result = joined([&](Nursery& n) {
    n.start("slow one", waits_for_ever(unwound));
    n.start("broken one", fails());
  });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "child.broke");
  EXPECT_EQ(result.error().context().back(), "broken one");
  EXPECT_EQ(unwound, 1);
}

TEST(Nursery, an_exception_of_a_child_is_not_lost) {
  const auto result = joined([](Nursery& n) { n.start("thrower", throws()); });
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().what().find("out of cheese"), std::string::npos);
}

TEST(Nursery, cancel_unwinds_all_and_is_no_failure) {
  int unwound = 0;
  const auto result = joined([&](Nursery& n) {
    n.start("a", waits_for_ever(unwound));
    n.start("b", waits_for_ever(unwound));
    n.cancel();
  });
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(unwound, 2);
}

Task<Result<>> waits_on(boost::asio::steady_timer& timer) {
  boost::system::error_code ignored;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  co_return Result<>();
}

TEST(Nursery, a_cancel_from_outside_the_loop_may_meet_a_child_that_has_just_ended) {
  boost::asio::io_context io;
  Nursery nursery(io.get_executor());
  boost::asio::steady_timer timer(io, 1h);
  nursery.start("child", waits_on(timer));
  io.poll();
  timer.cancel();    // its completion is queued ...
  nursery.cancel();  // ... before the cancellation, which must not find the child's grave empty
  io.restart();
  io.poll();
  EXPECT_EQ(nursery.running(), 0u);
}

}  // namespace
}  // namespace seatrial
