// SPDX-License-Identifier: Apache-2.0
#include "reports/claim.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace seatrial::reports {
namespace {

/// What GoogleTest itself says when `claim` fails: the shape may change with its version.
template <class Claim>
std::string text_of(Claim claim) {
  testing::TestPartResultArray results;
  {
    testing::ScopedFakeTestPartResultReporter catcher(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    claim();
  }
  return results.size() == 0 ? "nothing failed" : results.GetTestPartResult(0).message();
}

TEST(Claim, equality_reads_as_is_and_is_not) {
  const std::string slot = "B";
  EXPECT_EQ(claim_sentence(text_of([&] { EXPECT_EQ(slot, "A") << "it stayed"; })),
            "it stayed: slot is \"B\", not \"A\"");
  const int boots = 3, wanted = 2;
  EXPECT_EQ(claim_sentence(text_of([&] { EXPECT_EQ(boots, wanted); })), "boots is 3, not 2");
  EXPECT_EQ(claim_sentence(text_of([&] { EXPECT_EQ(2, boots); })), "boots is 3, not 2");
}

TEST(Claim, truth_order_and_plain_failures_read_too) {
  const bool refused = false;
  EXPECT_EQ(claim_sentence(text_of([&] { EXPECT_TRUE(refused) << "the root took a write"; })),
            "the root took a write: refused is false, expected true");
  const int five = 5;
  EXPECT_EQ(claim_sentence(text_of([&] { EXPECT_LT(five, 3); })),
            "Expected: (five) < (3), actual: 5 vs 3");
  EXPECT_EQ(claim_sentence(text_of([] { ADD_FAILURE() << "no such unit"; })), "no such unit");
}

TEST(Claim, a_long_difference_is_left_to_the_details) {
  const std::string a = "one\ntwo\nthree\n", b = "one\n2\nthree\n";
  const auto sentence = claim_sentence(text_of([&] { EXPECT_EQ(a, b) << "lost"; }));
  EXPECT_EQ(sentence, "lost: a is \"one\\ntwo\\nthree\\n\", not \"one\\n2\\nthree\\n\"");
}

TEST(Claim, other_text_comes_back_on_one_line) {
  EXPECT_EQ(claim_sentence("something\n  else"), "something else");
  EXPECT_EQ(claim_sentence("Expected equality of these values:"),
            "Expected equality of these values:");
  EXPECT_EQ(claim_sentence(""), "");
}

}  // namespace
}  // namespace seatrial::reports
