// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seatrial {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Text, suggests_the_nearest_names_only) {
  const std::vector<std::string> suites{"smoke", "network", "update", "provisioning"};
  EXPECT_THAT(nearest("smok", suites), ElementsAre("smoke"));
  EXPECT_THAT(nearest("netwrok", suites), ElementsAre("network"));
  EXPECT_THAT(nearest("prov", suites), ElementsAre("provisioning"));
  EXPECT_THAT(nearest("zzzzzz", suites), IsEmpty());
  EXPECT_EQ(did_you_mean("updte", suites), "did you mean update?");
}

TEST(Text, globs_match_the_whole_text) {
  EXPECT_TRUE(glob_match("smoke.*", "smoke.boots"));
  EXPECT_TRUE(glob_match("*", "*anything"));
  EXPECT_TRUE(glob_match("*.b?ots*", "smoke.boots_to_login"));
  EXPECT_FALSE(glob_match("smoke", "smoke.boots"));
  EXPECT_FALSE(glob_match("", "x"));
}

TEST(Text, splits_joins_and_trims) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(trim("  x \r\n"), "x");
  EXPECT_EQ(human_bytes(45'200'000), "45.2 MB");
}

}  // namespace
}  // namespace seatrial
