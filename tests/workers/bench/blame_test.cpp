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

TEST(Blame, what_the_kernel_cries_out_is_the_products_fault) {
  EXPECT_EQ(failure_of("fs.ext4", "EXT4-fs error", false).blame(), Blame::product);
  EXPECT_EQ(failure_of("fs.ext4", "EXT4-fs error", true).blame(), Blame::product);
  EXPECT_EQ(failure_of("rcu_stall", "rcu: INFO: rcu_sched", false).blame(), Blame::product);
}

TEST(Blame, a_device_that_starves_on_an_overloaded_host_is_not_accused) {
  for (const char* sentinel : {"rcu_stall", "lockup.soft", "hung_task", "watchdog.service"})
    EXPECT_EQ(failure_of(sentinel, "stalled", true).blame(), Blame::unknown) << sentinel;
}

}  // namespace
}  // namespace seatrial::bench
