// SPDX-License-Identifier: Apache-2.0
#include "workers/console/sentinels.hpp"

#include "tests/workers/console/rig.hpp"

namespace seatrial::console {
namespace {

class Alarms : public testing::Test {
 protected:
  Alarms() {
    std::vector<std::string> first_lines;
    first_lines.emplace_back("^refos-loader: slot=");
    auto armed = Sentinels::arm(rig_.capture.matcher(), std::move(first_lines));
    EXPECT_TRUE(armed.has_value()) << armed.error().describe();
    sentinels_ = std::move(*armed);
    listening_ = sentinels_->on_alarm([this](const Alarm& alarm) { alarms_.push_back(alarm); });
  }
  void print(std::string_view text) { rig_.capture.take(text); }
  std::vector<std::string> ids() const {
    std::vector<std::string> out;
    for (const auto& alarm : alarms_) out.push_back(alarm.id);
    return out;
  }
  using Ids = std::vector<std::string>;

  Rig rig_;
  std::unique_ptr<Sentinels> sentinels_;
  std::vector<Alarm> alarms_;
  Subscription listening_;
};

TEST_F(Alarms, a_panic_is_a_fact_with_line_offset_and_time) {
  print("[    1.0] all is well\r\n");
  print("[    2.0] Kernel panic - not syncing: sysrq triggered crash\r\n");
  ASSERT_EQ(alarms_.size(), 1u);
  EXPECT_EQ(alarms_[0].id, "panic");
  EXPECT_EQ(alarms_[0].severity, Severity::fatal);
  EXPECT_EQ(alarms_[0].line, "[    2.0] Kernel panic - not syncing: sysrq triggered crash");
  EXPECT_EQ(alarms_[0].offset, 23u);
  EXPECT_GT(alarms_[0].at.count(), 0);
  EXPECT_FALSE(alarms_[0].allowed);
  EXPECT_EQ(sentinels_->alarms().size(), 1u);
  EXPECT_TRUE(sentinels_->alarms(24).empty());
}

TEST_F(Alarms, colours_do_not_hide_them) {
  print("\x1b[1;31m[    2.0] BUG: \x1b[0mscheduling while atomic\r\n");
  EXPECT_EQ(ids(), (Ids{"bug"}));
}

TEST_F(Alarms, an_allowance_covers_its_scope_and_what_lies_below_it) {
  {
    auto allowed = sentinels_->allow({"panic", "fs"});
    ASSERT_TRUE(allowed.has_value());
    print("Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\n");
    print("[    4.1] EXT4-fs error (device vda2): ext4_lookup:1855: bad\n");
    print("[    4.1] BUG: scheduling while atomic\n");
  }
  print("Kernel panic - not syncing: again\n");
  ASSERT_EQ(ids(), (Ids{"panic.init_killed", "fs.ext4", "bug", "panic"}));
  EXPECT_TRUE(alarms_[0].allowed);
  EXPECT_TRUE(alarms_[1].allowed);
  EXPECT_FALSE(alarms_[2].allowed);
  EXPECT_FALSE(alarms_[3].allowed);
}

TEST_F(Alarms, an_unknown_id_is_refused_with_the_nearest_one) {
  const auto wrong = sentinels_->allow({"hungtask"});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().blame(), Blame::suite);
  EXPECT_NE(wrong.error().advice().find("hung_task"), std::string::npos);
}

TEST_F(Alarms, a_start_and_an_announced_one_are_no_alarms) {
  const std::string start =
      "SeaBIOS (version 1.16.2-debian-1.16.2-1)\r\nWelcome to GRUB!\r\nrefos-loader: slot=A "
      "bootcount=0\r\n"
      "[    0.0] Linux version 6.1.0-18-cloud-amd64 (debian-kernel@lists.debian.org)\r\n";
  print(start);
  sentinels_->announce_reset();
  print(start);
  print("[   90.1] reboot: Restarting system\r\n");
  print(start);
  print("[   99.1] Rebooting in 3 seconds..\r\n");
  print(start);
  EXPECT_EQ(ids(), Ids{});
}

TEST_F(Alarms, a_start_that_nobody_announced_is_one_unexpected_reset) {
  print("refos-loader: slot=B bootcount=1\r\nseatrial login: \r\n");
  print("refos-loader: slot=B bootcount=2\r\n[    0.0] Linux version 6.1.0\r\n");
  EXPECT_EQ(ids(), (Ids{"reset.unexpected"}));
  EXPECT_EQ(alarms_[0].line, "refos-loader: slot=B bootcount=2");
  print("SeaBIOS (version 1.16.2)\r\nWelcome to GRUB!\r\nrefos-loader: slot=A bootcount=0\r\n");
  EXPECT_EQ(ids(), (Ids{"reset.unexpected", "reset.unexpected"}));
}

TEST_F(Alarms, u_boot_passes_through_its_stages_once) {
  const std::string start = "U-Boot SPL 2023.01 (Jan 09 2023)\nU-Boot 2023.01 (Jan 09 2023)\n";
  print(start);
  EXPECT_EQ(ids(), Ids{});
  print("U-Boot SPL 2023.01 (Jan 09 2023)\n");
  EXPECT_EQ(ids(), (Ids{"reset.unexpected"}));
}

TEST_F(Alarms, a_flood_is_counted_and_the_next_case_hears_again) {
  std::string flood;
  for (int i = 0; i < 3000; ++i)
    flood += "[  1.0] EXT4-fs error (device vda2): bad " + std::to_string(i) + "\n";
  print(flood);
  EXPECT_EQ(alarms_.size(), Sentinels::most_per_id);
  EXPECT_EQ(sentinels_->suppressed().at("fs.ext4"), 3000 - Sentinels::most_per_id);
  sentinels_->begin_scope();
  print("[  1.0] EXT4-fs error (device vda2): bad\n");
  EXPECT_EQ(alarms_.size(), Sentinels::most_per_id + 1);
  EXPECT_LE(sentinels_->alarms().size(), Sentinels::most_kept);
}

}  // namespace
}  // namespace seatrial::console
