// SPDX-License-Identifier: Apache-2.0
#include "core/model/verdict.hpp"

#include <gtest/gtest.h>

namespace seatrial::model {
namespace {

ExitCode code_of(std::initializer_list<Verdict> verdicts) {
  Tally tally;
  for (auto verdict : verdicts) tally.add(verdict);
  return exit_code(tally);
}

TEST(Verdict, words_survive) {
  for (std::size_t i = 0; i < kVerdicts; ++i)
    EXPECT_EQ(verdict_from_string(to_string(static_cast<Verdict>(i))), static_cast<Verdict>(i));
  EXPECT_FALSE(verdict_from_string("great").has_value());
}

TEST(Verdict, exit_codes_follow_the_worst_news) {
  EXPECT_EQ(code_of({Verdict::pass, Verdict::skip}), exit_proven);
  EXPECT_EQ(code_of({Verdict::skip, Verdict::skip}), exit_not_proven);
  EXPECT_EQ(code_of({}), exit_not_proven);
  EXPECT_EQ(code_of({Verdict::pass, Verdict::error}), exit_not_proven);
  EXPECT_EQ(code_of({Verdict::pass, Verdict::not_run}), exit_not_proven);
  EXPECT_EQ(code_of({Verdict::error, Verdict::fail}), exit_failed);
  EXPECT_EQ(code_of({Verdict::pass, Verdict::flaky}), exit_failed);
}

TEST(Verdict, a_failure_becomes_the_verdict_of_its_blame) {
  const auto of = [](Blame blame, const char* code) {
    return verdict_of(Failure(code, blame, "what", "advice"));
  };
  EXPECT_EQ(of(Blame::product, "boot.late"), Verdict::fail);
  EXPECT_EQ(of(Blame::bench, "qemu.died"), Verdict::error);
  EXPECT_EQ(of(Blame::unknown, "deadline.case"), Verdict::timeout);
  EXPECT_EQ(of(Blame::unknown, "ssh.lost"), Verdict::error);
  EXPECT_EQ(of(Blame::cancelled, "cancelled"), Verdict::not_run);
}

TEST(Verdict, of_attempts_that_differ_is_flaky_and_never_silently_green) {
  using enum Verdict;
  EXPECT_EQ(verdict_of_attempts({pass, pass}), pass);
  EXPECT_EQ(verdict_of_attempts({pass, fail}), flaky);
  EXPECT_EQ(verdict_of_attempts({error, pass}), flaky);
  EXPECT_EQ(verdict_of_attempts({error, fail}), fail);
  EXPECT_EQ(verdict_of_attempts({timeout, error}), error);
  EXPECT_EQ(verdict_of_attempts({pass, not_run}), not_run);
  EXPECT_EQ(verdict_of_attempts({pass, skip}), flaky);
  EXPECT_EQ(verdict_of_attempts({skip}), skip);
  EXPECT_EQ(verdict_of_attempts({}), not_run);
}

}  // namespace
}  // namespace seatrial::model
