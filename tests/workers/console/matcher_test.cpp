// SPDX-License-Identifier: Apache-2.0
#include "workers/console/matcher.hpp"

#include "core/base/notifier.hpp"
#include "tests/workers/console/rig.hpp"

namespace seatrial::console {
namespace {

std::vector<Pattern> one(Pattern pattern) { return {std::move(pattern)}; }

TEST(Matcher, several_waiters_at_once_each_get_their_own) {
  Rig rig;
  auto& matcher = rig.capture.matcher();
  std::vector<std::string> got;
  const auto wait = [&](std::string regex) -> Task<Result<>> {
    auto set = rig.patterns(one(Pattern(regex)));
    const auto match = co_await matcher.expect(set, Budget(10s, regex), Since::now());
    if (!match) co_return match.error();
    got.push_back(match->text);
    co_return Result<>();
  };
  const auto all = [&]() -> Task<Result<>> {
    Nursery nursery(rig.io.get_executor());
    nursery.start("one", wait("one: \\d+;"));
    nursery.start("two", wait("two: \\d+;"));
    nursery.start("both", wait("(?:one|two): \\d+;"));
    co_await pause(1ms);  // the three have registered by then
    EXPECT_EQ(matcher.waiters(), 3u);
    rig.print("two: 2;\r\none: 1;\r\n");
    co_return co_await nursery.join();
  };
  const auto done = rig.run(all());
  ASSERT_TRUE(done.has_value()) << done.error().describe();
  EXPECT_EQ(got.size(), 3u);
  EXPECT_EQ(std::count(got.begin(), got.end(), "two: 2;"), 2);
  EXPECT_EQ(matcher.waiters(), 0u);
}

TEST(Matcher, a_cancelled_waiter_is_gone_and_the_others_go_on) {
  Rig rig;
  auto& matcher = rig.capture.matcher();
  const auto never = rig.patterns(one(Pattern("never")));
  const auto late = rig.patterns(one(Pattern("late")));
  const auto all = [&]() -> Task<Result<Match>> {
    const auto in_vain = co_await matcher.expect(never, Budget(5ms, "nothing"), Since::now());
    EXPECT_FALSE(in_vain.has_value());
    EXPECT_EQ(matcher.waiters(), 0u);
    rig.print("never late\r\n");
    co_return co_await matcher.expect(late, Budget(10s, "late"), Since::now());
  };
  const auto match = rig.run(all());
  ASSERT_TRUE(match.has_value()) << match.error().describe();
}

TEST(Matcher, one_expectation_after_the_other_walks_through_the_stream) {
  Rig rig;
  rig.capture.take("step 1\nstep 2\nstep ");
  const auto set = rig.patterns(one(Pattern("step (\\d) ?")));
  std::uint64_t at = 0;
  for (const char* expected : {"1", "2"}) {
    const auto match =
        rig.run(rig.capture.matcher().expect(set, Budget(5s, "a step"), Since::offset(at)));
    ASSERT_TRUE(match.has_value()) << match.error().describe();
    EXPECT_EQ(match->groups.at(1), expected);
    at = match->end;
  }
  const auto none =
      rig.run(rig.capture.matcher().expect(set, Budget(5ms, "a step"), Since::offset(at)));
  EXPECT_FALSE(none.has_value());
}

TEST(Matcher, reading_back_begins_in_the_middle_of_a_line_without_inventing_its_beginning) {
  Rig rig;
  rig.capture.take("alpha beta\nbeta gamma\n");
  const auto set = rig.patterns(one(Pattern("^beta")));
  const auto match =
      rig.run(rig.capture.matcher().expect(set, Budget(5s, "beta"), Since::offset(6)));
  ASSERT_TRUE(match.has_value()) << match.error().describe();
  EXPECT_EQ(match->begin, 11u);
}

TEST(Matcher, waiters_outlive_a_stream_and_see_the_next_one) {
  Rig rig;
  auto& capture = rig.capture;
  const auto set = rig.patterns(one(Pattern("second boot")));
  capture.take("first boot, login: ");
  capture.matcher().end_of_stream(0s);
  capture.take("second boot\n");
  const auto match =
      rig.run(capture.matcher().expect(set, Budget(5s, "the boot"), Since::offset(0)));
  ASSERT_TRUE(match.has_value()) << match.error().describe();
}

TEST(Matcher, failing_the_waiters_ends_them_with_the_owners_reason) {
  Rig rig;
  auto& matcher = rig.capture.matcher();
  const auto set = rig.patterns(one(Pattern("never")));
  const auto all = [&]() -> Task<Result<>> {
    Nursery nursery(rig.io.get_executor());
    const auto wait = [&]() -> Task<Result<>> {
      const auto match = co_await matcher.expect(set, Budget(10s, "never"), Since::now());
      EXPECT_FALSE(match.has_value());
      if (!match) {
        EXPECT_EQ(match.error().code(), "qemu.died");
      }
      co_return Result<>();
    };
    nursery.start("wait", wait());
    co_await pause(1ms);
    matcher.fail_waiters(Failure("qemu.died", Blame::bench, "QEMU died", "see its stderr"));
    co_return co_await nursery.join();
  };
  EXPECT_TRUE(rig.run(all()).has_value());
}

TEST(Matcher, a_subscription_that_is_dropped_is_never_called_again) {
  Rig rig;
  int seen = 0;
  Subscription watching;
  watching = rig.capture.matcher().watch(rig.patterns(one(Pattern("tick"))), [&](const Match&) {
    ++seen;
    if (seen == 2) watching.reset();  // from inside the call
  });
  for (int i = 0; i < 5; ++i) rig.capture.take("tick\n");
  EXPECT_EQ(seen, 2);
}

TEST(Matcher, a_watch_does_not_see_the_past_and_sees_each_line_once) {
  Rig rig;
  std::vector<std::string> lines;
  rig.capture.take("tick 0\nti");
  const auto watching =
      rig.capture.matcher().watch(rig.patterns(one(Pattern("ck \\d"))),
                                  [&](const Match& match) { lines.push_back(match.line); });
  rig.capture.take("ck 1 ck 1\ntick 2\nno");
  EXPECT_EQ(lines, (std::vector<std::string>{"tick 1 ck 1", "tick 2"}));
}

TEST(Matcher, an_unfinished_line_reaches_a_watch_after_a_moment_of_quiet) {
  Rig rig;
  const auto set = rig.patterns(one(Pattern("Kernel panic")));
  Notifier news(rig.io.get_executor());
  int seen = 0;
  const auto watching = rig.capture.matcher().watch(set, [&](const Match& match) {
    EXPECT_FALSE(match.finished);
    ++seen;
    news.notify();
  });
  rig.print("Kernel panic - not sync");
  std::function<bool()> done = [&] { return seen > 0; };
  const auto result = rig.run(within(Budget(10s, "the panic"), news.until(done)));
  EXPECT_TRUE(result.has_value()) << result.error().describe();
  rig.capture.take("ing: foo\n");
  EXPECT_EQ(seen, 1);
}

TEST(Matcher, a_prompt_that_could_go_on_is_reported_when_it_does_not) {
  Rig rig;
  const auto set = rig.patterns(one(Pattern("[#$] $", Where::prompt)));
  rig.print("root@seatrial:~# ");
  const auto match =
      rig.run(rig.capture.matcher().expect(set, Budget(10s, "a prompt"), Since::now()));
  ASSERT_TRUE(match.has_value()) << match.error().describe();
  EXPECT_EQ(match->text, "# ");
}

TEST(Matcher, ten_megabytes_in_one_line_do_not_hide_what_follows) {
  Rig rig;
  const auto set = rig.patterns(one(Pattern("after it")));
  const std::string chunk(64u << 10, 'x');
  for (int i = 0; i < 160; ++i) rig.capture.take(chunk);
  rig.capture.take("\nafter it\n");
  const auto match =
      rig.run(rig.capture.matcher().expect(set, Budget(20s, "the end"), Since::offset(0)));
  ASSERT_TRUE(match.has_value()) << match.error().describe();
  EXPECT_EQ(match->begin, 160u * (64u << 10) + 1);
  EXPECT_GT(match->at.count(), 0);
}

}  // namespace
}  // namespace seatrial::console
