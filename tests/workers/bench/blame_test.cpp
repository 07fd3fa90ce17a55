// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/blame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seatrial::bench {
namespace {
using testing::HasSubstr;

const Failure kLost("ssh.lost", Blame::unknown, "the connection broke", "look");

TEST(Blame, a_connection_that_breaks_for_no_reason_that_is_known_stays_unknown) {
  dut::Boot boot;
  boot.number = 2;
  EXPECT_FALSE(explained(kLost, {2, &boot, true, {}}).has_value());
}

TEST(Blame, a_device_that_started_anew_is_the_products_fault) {
  dut::Boot boot;
  boot.number = 3;
  boot.why = "the kernel panicked";
  const auto known = explained(kLost, {2, &boot, true, {}});
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->code(), "ssh.lost");
  EXPECT_EQ(known->blame(), Blame::product);
  EXPECT_THAT(known->what(), HasSubstr("the kernel panicked"));
}

TEST(Blame, a_boot_that_ended_is_the_products_fault) {
  dut::Boot boot;
  boot.number = 2;
  boot.ended_at = Duration(1);
  boot.ended_by = "reboot";
  const auto known = explained(kLost, {2, &boot, true, {}});
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->blame(), Blame::product);
  EXPECT_THAT(known->what(), HasSubstr("reboot"));
}

TEST(Blame, power_that_went_off_by_itself_is_the_products_fault) {
  dut::Boot boot;
  boot.number = 2;
  EXPECT_EQ(explained(kLost, {2, &boot, false, {}})->blame(), Blame::product);
}

TEST(Blame, an_instrument_that_failed_comes_before_everything_else) {
  dut::Boot boot;
  boot.number = 3;
  const Failure died("qemu.died", Blame::bench, "QEMU died", "look");
  const auto known = explained(kLost, {2, &boot, false, died});
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->code(), "qemu.died");
  EXPECT_EQ(known->blame(), Blame::bench);
}

}  // namespace
}  // namespace seatrial::bench
