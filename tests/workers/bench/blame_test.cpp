// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/blame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seatrial::bench {
namespace {
using testing::HasSubstr;

const Failure kLost("ssh.lost", Blame::unknown, "the connection broke", "look");

const Then kRunning{2, false, true};

dut::Boot boot_of(unsigned number, dut::BootReason reason) {
  dut::Boot boot;
  boot.number = number;
  boot.reason = reason;
  boot.why = "told so";
  return boot;
}

TEST(Blame, a_connection_that_breaks_for_no_reason_that_is_known_stays_unknown) {
  const auto boot = boot_of(2, dut::BootReason::power_on);
  EXPECT_FALSE(explained(kLost, {kRunning, &boot, true, {}}).has_value());
}

TEST(Blame, a_device_that_crashed_and_started_anew_is_the_products_fault) {
  using enum dut::BootReason;
  for (const auto reason : {panic, watchdog, reset, rollback, unexpected}) {
    const auto boot = boot_of(3, reason);
    const auto known = explained(kLost, {kRunning, &boot, true, {}});
    ASSERT_TRUE(known.has_value());
    EXPECT_EQ(known->code(), "ssh.lost");
    EXPECT_EQ(known->blame(), Blame::product) << to_string(reason);
    EXPECT_THAT(known->what(), HasSubstr("told so"));
  }
}

TEST(Blame, a_device_that_restarted_in_good_order_may_have_been_told_to) {
  const auto boot = boot_of(3, dut::BootReason::reboot);
  const auto known = explained(kLost, {kRunning, &boot, true, {}});
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->blame(), Blame::unknown);
  EXPECT_THAT(known->what(), HasSubstr("started anew"));
}

TEST(Blame, a_boot_that_ended_is_the_products_fault_when_it_panicked) {
  auto boot = boot_of(2, dut::BootReason::power_on);
  boot.ended_at = Duration(1);
  boot.ended_by = "the end";
  EXPECT_EQ(explained(kLost, {kRunning, &boot, true, {}})->blame(), Blame::unknown);
  boot.panicked = true;
  EXPECT_EQ(explained(kLost, {kRunning, &boot, true, {}})->blame(), Blame::product);
}

TEST(Blame, who_asks_a_device_that_is_off_is_the_suite) {
  auto boot = boot_of(2, dut::BootReason::power_on);
  boot.ended_at = Duration(1);
  EXPECT_EQ(explained(kLost, {{2, true, false}, &boot, false, {}})->blame(), Blame::suite);
}

TEST(Blame, a_boot_that_was_over_before_explains_nothing) {
  const auto boot = boot_of(3, dut::BootReason::panic);
  EXPECT_FALSE(explained(kLost, {{2, true, true}, &boot, true, {}}).has_value());
}

TEST(Blame, an_instrument_that_failed_comes_before_everything_else) {
  const auto boot = boot_of(3, dut::BootReason::panic);
  const Failure died("qemu.died", Blame::bench, "QEMU died", "look");
  const auto known = explained(kLost, {kRunning, &boot, false, died});
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
