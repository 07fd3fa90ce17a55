// SPDX-License-Identifier: Apache-2.0
// Scenarios as tables: what the bench saw, in order, and the boots it must become.
#include "workers/dut/boots.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/base/text.hpp"
#include "tests/workers/support/tasks.hpp"

namespace seatrial::dut {
namespace {
using namespace std::chrono_literals;

std::string loader(char slot, int bootcount, int upgrade) {
  return fmt::format("refos-loader: slot={} part={} bootcount={} upgrade_available={}", slot,
                     slot == 'A' ? 2 : 3, bootcount, upgrade);
}

BootRules rules() {
  const auto device = model::load_device_type(std::filesystem::path(SEATRIAL_SOURCE_DIR) /
                                              "devices/qemu-amd64/device.json");
  EXPECT_TRUE(device.has_value()) << device.error().describe();
  return boot_rules(*device);
}

/// Feeds the tracker, one step a second unless told otherwise.
struct Story {
  test::Loop loop;
  std::unique_ptr<BootTracker> boots = BootTracker::make(loop.executor(), rules()).value();
  Duration now = 100s;

  Story& power() { return boots->powered_on(tick()), *this; }
  Story& off(std::string how = "hard off") { return boots->powered_off(tick(), how), *this; }
  Story& line(std::string text) { return boots->console_line(tick(), text, 7), *this; }
  Story& quick(std::string text) { return boots->console_line(now += 5ms, text, 7), *this; }
  Story& guest_reset() { return boots->reset(tick(), true), *this; }
  Story& button() { return boots->reset(tick(), false), *this; }
  Story& watchdog() { return boots->reset(tick(), true, true), *this; }
  Story& asked() { return boots->expect_restart(tick()), *this; }
  Story& restored(unsigned number) { return boots->restored(tick(), number), *this; }
  Story& shell(std::string id, std::string version = "1.0.0", Duration asked = 0s) {
    tick();
    boots->shell(asked > 0s ? asked : now, now, {.boot_id = id, .os_version = version});
    return *this;
  }
  /// A boot to the shell, as the reference OS does it.
  Story& up(char slot, int bootcount, int upgrade, std::string id, std::string version = "1.0.0") {
    return line(loader(slot, bootcount, upgrade)).line("abc1234 login: ").shell(id, version);
  }
  Story& reboots() { return line("[  31.2] reboot: Restarting system").guest_reset(); }

  Duration tick() { return now += 1s; }
  std::string reasons() const {
    std::vector<std::string> words;
    for (const auto& boot : boots->history())
      words.push_back(boot.slot + ":" + std::string(to_string(boot.reason)));
    return join(words, " ");
  }
};

TEST(Boots, there_is_none_before_the_first) {
  Story story;
  EXPECT_EQ(story.boots->current().number, 0u);
  EXPECT_TRUE(story.boots->history().empty());
  story.off().line("noise");
  EXPECT_TRUE(story.boots->history().empty());
}

TEST(Boots, a_power_on_with_its_loader_line_login_and_shell_is_one_boot) {
  Story story;
  story.power().line(loader('A', 0, 0)).line("Linux version 6.1.0").line("abc login: ");
  story.line("abc login: ").shell("id-1", "1.2.3").shell("id-1");
  ASSERT_EQ(story.boots->history().size(), 1u);
  const Boot& boot = story.boots->current();
  EXPECT_EQ(boot.number, 1u);
  EXPECT_EQ(boot.reason, BootReason::power_on);
  EXPECT_EQ(boot.slot, "A");
  EXPECT_EQ(boot.part, "2");
  EXPECT_EQ(boot.bootcount, 0);
  EXPECT_EQ(boot.upgrade_available, false);
  EXPECT_EQ(boot.boot_id, "id-1");
  EXPECT_EQ(boot.os_version, "1.0.0");
  EXPECT_EQ(boot.started_at, 101s);
  EXPECT_EQ(boot.loader_at, 102s);
  EXPECT_EQ(boot.kernel_at, 103s);
  EXPECT_EQ(boot.login_at, 104s) << "the first prompt counts";
  EXPECT_EQ(boot.shell_at, 106s);
  EXPECT_FALSE(boot.ended());
}

struct Row {
  const char* name;
  std::function<void(Story&)> what;
  const char* reasons;
  const char* ended_by;  ///< of the boots, in order; '-' for one that runs
};

class BootStories : public ::testing::TestWithParam<Row> {};

TEST_P(BootStories, become_the_right_boots) {
  Story story;
  GetParam().what(story);
  EXPECT_EQ(story.reasons(), GetParam().reasons);
  std::vector<std::string> ends;
  for (const auto& boot : story.boots->history())
    ends.push_back(boot.ended() ? boot.ended_by : "-");
  EXPECT_EQ(join(ends, ","), GetParam().ended_by);
  for (const auto& boot : story.boots->history()) EXPECT_FALSE(boot.why.empty());
}

const Row kRows[] = {
    {"a_reboot_that_the_os_announced",
     [](Story& s) { s.power().up('A', 0, 0, "1").reboots().up('A', 0, 0, "2"); },
     "A:power_on A:reboot", "reboot,-"},
    {"a_reboot_that_we_asked_for_on_a_silent_console",
     [](Story& s) { s.power().up('A', 0, 0, "1").asked().guest_reset().up('A', 0, 0, "2"); },
     "A:power_on A:reboot", "reboot,-"},
    {"last_words_that_come_after_the_reset_event",
     [](Story& s) {
       s.power().up('A', 0, 0, "1").guest_reset();
       s.quick("[ 9.9] reboot: Restarting system").up('A', 0, 0, "2");
     },
     "A:power_on A:reboot", "reboot,-"},
    {"a_reset_that_nobody_announced",
     [](Story& s) { s.power().up('A', 0, 0, "1").guest_reset().up('A', 0, 0, "2"); },
     "A:power_on A:unexpected", "unexpected,-"},
    {"a_loader_line_out_of_the_blue_on_a_board_without_reset_events",
     [](Story& s) { s.power().up('A', 0, 0, "1").up('A', 0, 0, "2"); }, "A:power_on A:unexpected",
     "unexpected,-"},
    {"a_panic",
     [](Story& s) {
       s.power().up('A', 0, 0, "1").line("Kernel panic - not syncing: Attempted to kill init!");
       s.guest_reset().up('A', 0, 0, "2");
     },
     "A:power_on A:panic", "panic,-"},
    {"a_panic_that_is_heard_after_the_reset",
     [](Story& s) {
       s.power().up('A', 0, 0, "1").guest_reset().quick("Kernel panic - not syncing: x");
       s.up('A', 0, 0, "2");
     },
     "A:power_on A:panic", "panic,-"},
    {"the_reset_button", [](Story& s) { s.power().up('A', 0, 0, "1").button().up('A', 0, 0, "2"); },
     "A:power_on A:reset", "reset button,-"},
    {"a_watchdog", [](Story& s) { s.power().up('A', 0, 0, "1").watchdog().up('A', 0, 0, "2"); },
     "A:power_on A:watchdog", "watchdog,-"},
    {"a_power_cycle",
     [](Story& s) { s.power().up('A', 0, 0, "1").off().power().up('A', 0, 0, "2"); },
     "A:power_on A:power_on", "hard off,-"},
    {"console_bytes_that_are_read_after_the_power_is_off",
     [](Story& s) { s.power().off().line(loader('A', 0, 0)).line("Linux version 6").power(); },
     "A:power_on :power_on", "hard off,-"},
    {"a_good_update",
     [](Story& s) {
       s.power().up('A', 0, 0, "1").reboots().up('B', 1, 1, "2", "1.1.0");
       s.reboots().up('B', 0, 0, "3", "1.1.0");
     },
     "A:power_on B:reboot B:reboot", "reboot,reboot,-"},
    {"a_new_os_that_panics_and_a_loader_that_falls_back",
     [](Story& s) {
       s.power().up('A', 0, 0, "1").reboots().line(loader('B', 1, 1));
       s.line("Kernel panic - not syncing: No working init found.").guest_reset();
       s.line("refos-loader: part 3 used up its 1 attempts, falling back");
       s.up('A', 2, 1, "2").reboots().up('A', 0, 0, "3");
     },
     "A:power_on B:reboot A:rollback A:reboot", "reboot,panic,reboot,-"},
    {"a_new_os_that_hangs_and_is_power_cycled",
     [](Story& s) {
       s.power().up('A', 0, 0, "1").reboots().line(loader('B', 1, 1)).off().power();
       s.up('A', 2, 1, "2");
     },
     "A:power_on B:reboot A:rollback", "reboot,hard off,-"},
    {"a_health_rollback_from_user_space",
     [](Story& s) {
       s.power().up('A', 0, 0, "1").reboots().up('B', 1, 1, "2", "1.1.0");
       s.reboots().up('A', 0, 0, "3");
     },
     "A:power_on B:reboot A:rollback", "reboot,reboot,-"},
    {"a_manual_switch_of_the_slot_is_no_rollback",
     [](Story& s) {
       s.power().up('A', 0, 0, "1").reboots().up('B', 0, 0, "2").reboots().up('A', 0, 0, "3");
     },
     "A:power_on B:reboot A:reboot", "reboot,reboot,-"},
};

INSTANTIATE_TEST_SUITE_P(Table, BootStories, ::testing::ValuesIn(kRows),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Boots, a_reconnect_is_not_a_reboot) {
  Story story;
  story.power().up('A', 0, 0, "1");
  for (int i = 0; i < 5; ++i) story.shell("1");
  EXPECT_EQ(story.boots->history().size(), 1u);
}

TEST(Boots, a_new_boot_id_on_a_silent_console_is_a_boot) {
  Story story;
  story.power().shell("1").shell("2");
  ASSERT_EQ(story.boots->history().size(), 2u);
  EXPECT_TRUE(story.boots->current().seen_late);
  EXPECT_EQ(story.boots->current().reason, BootReason::unexpected);
  EXPECT_EQ(story.boots->current().boot_id, "2");
  story.asked().shell("3");
  EXPECT_EQ(story.boots->current().reason, BootReason::reboot);
}

TEST(Boots, an_old_log_printed_on_the_console_is_taken_back_by_the_boot_id) {
  Story story;
  story.power().up('A', 0, 0, "1").line("Jan 1 abc cat: " + loader('A', 0, 0));
  EXPECT_EQ(story.boots->history().size(), 2u) << "for the moment";
  story.shell("1");
  ASSERT_EQ(story.boots->history().size(), 1u);
  EXPECT_FALSE(story.boots->current().ended());
  EXPECT_EQ(story.boots->current().ended_by, "");
}

TEST(Boots, the_last_words_of_a_device_that_stops_end_its_boot) {
  // A board on a relay: nothing but the console tells that it has shut down, its supply stays on.
  Story story;
  story.power().up('A', 0, 0, "1").line("[   31.2] reboot: Power down");
  EXPECT_TRUE(story.boots->current().ended());
  EXPECT_EQ(story.boots->current().ended_by, "the OS stopped the device");
  story.off().power().up('A', 0, 0, "2");
  ASSERT_EQ(story.boots->history().size(), 2u);
  EXPECT_EQ(story.boots->current().reason, BootReason::power_on);
}

TEST(Boots, last_words_that_come_late_do_not_end_the_next_boot) {
  Story story;
  story.power().up('A', 0, 0, "1").off().power().quick("[   31.2] reboot: Power down");
  EXPECT_FALSE(story.boots->current().ended());
}

TEST(Boots, who_still_answers_has_not_stopped) {
  Story story;
  story.power().up('A', 0, 0, "1").line("abc cat: [   31.2] reboot: Power down").shell("1");
  EXPECT_EQ(story.boots->history().size(), 1u);
  EXPECT_FALSE(story.boots->current().ended());
}

TEST(Boots, an_answer_from_before_a_reboot_does_not_belong_to_the_boot_after_it) {
  Story story;
  story.power().line(loader('A', 0, 0));
  const Duration asked = story.now + 500ms;
  story.line("login: ").reboots().line(loader('A', 0, 0));
  story.shell("1", "1.0.0", asked);
  EXPECT_EQ(story.boots->current().boot_id, "");
  EXPECT_EQ(story.boots->history()[0].boot_id, "1");
  story.shell("2");
  EXPECT_EQ(story.boots->current().boot_id, "2");
  EXPECT_EQ(story.boots->history().size(), 2u);
}

TEST(Boots, a_restored_snapshot_is_not_a_boot) {
  Story story;
  story.power().up('A', 0, 0, "1").restored(1).shell("1");
  EXPECT_EQ(story.boots->history().size(), 1u);
  EXPECT_TRUE(story.boots->current().restored);
  // Two boots on, then back: the old one runs again, and the next new one gets a new number.
  story.reboots().up('A', 0, 0, "2").restored(1).shell("1");
  EXPECT_EQ(story.boots->current().number, 1u);
  EXPECT_FALSE(story.boots->current().ended());
  EXPECT_EQ(story.boots->history()[1].ended_by, "a snapshot was loaded");
  story.reboots().up('A', 0, 0, "3");
  EXPECT_EQ(story.boots->current().number, 3u);
  EXPECT_EQ(story.boots->current().reason, BootReason::reboot);
}

TEST(Boots, a_state_of_an_earlier_run_is_loaded_into_its_power_on) {
  Story story;
  story.power().restored(0).shell("old-id");
  EXPECT_EQ(story.boots->history().size(), 1u);
  EXPECT_TRUE(story.boots->current().restored);
  EXPECT_EQ(story.boots->current().boot_id, "old-id");
}

TEST(Boots, another_loader_fits_by_its_pattern_alone) {
  test::Loop loop;
  BootRules rules;
  rules.loader = R"(U-Boot: root (?P<part>[0-9]+) try (?P<bootcount>\d+))";
  rules.login = "ready> $";
  auto boots = BootTracker::make(loop.executor(), rules).value();
  boots->powered_on(1s);
  boots->console_line(2s, "U-Boot: root 3 try 2");
  boots->console_line(3s, "ready> ");
  EXPECT_EQ(boots->current().part, "3");
  EXPECT_EQ(boots->current().bootcount, 2);
  EXPECT_EQ(boots->current().slot, "");
  EXPECT_FALSE(boots->current().upgrade_available.has_value());
  EXPECT_TRUE(boots->current().reached(BootStage::login));
}

TEST(Boots, a_pattern_that_is_not_re2_is_refused_by_name) {
  test::Loop loop;
  BootRules rules;
  rules.panic = "(unclosed";
  const auto boots = BootTracker::make(loop.executor(), rules);
  ASSERT_FALSE(boots.has_value());
  EXPECT_EQ(boots.error().code(), "boots.rules");
  EXPECT_NE(boots.error().what().find("panic"), std::string::npos);
}

Task<Result<>> later(Story* story, std::function<void(Story&)> what) {
  co_await pause(20ms);
  what(*story);
  co_return Result<>();
}

TEST(NextBoot, waits_until_the_boot_has_come_as_far_as_asked) {
  Story story;
  story.power().up('A', 0, 0, "1");
  story.loop.nursery().start("story",
                             later(&story, [](Story& s) { s.reboots().up('B', 1, 1, "2"); }));
  const auto boot = story.loop.run(story.boots->next(1, BootStage::shell, Budget(5s, "a boot")));
  ASSERT_TRUE(boot.has_value()) << boot.error().describe();
  EXPECT_EQ(boot->number, 2u);
  EXPECT_EQ(boot->slot, "B");
  EXPECT_TRUE(boot->reached(BootStage::shell));
}

TEST(NextBoot, returns_a_boot_that_ended_before_it_could) {
  Story story;
  story.power().up('A', 0, 0, "1").reboots().line(loader('B', 1, 1));
  story.line("Kernel panic - not syncing: x").guest_reset().line(loader('A', 2, 1));
  const auto boot = story.loop.run(story.boots->next(1, BootStage::shell, Budget(5s, "a boot")));
  ASSERT_TRUE(boot.has_value());
  EXPECT_EQ(boot->number, 2u);
  EXPECT_EQ(boot->ended_by, "panic");
  EXPECT_FALSE(boot->reached(BootStage::login));
}

TEST(NextBoot, says_how_far_it_came_when_the_budget_is_spent) {
  Story story;
  story.power().up('A', 0, 0, "1");
  const Budget budget = Budget(20ms, "the next boot").with_blame(Blame::product);
  auto boot = story.loop.run(story.boots->next(1, BootStage::shell, budget));
  ASSERT_FALSE(boot.has_value());
  EXPECT_NE(boot.error().what().find("no boot began after boot 1"), std::string::npos);
  EXPECT_EQ(boot.error().blame(), Blame::product);
  story.reboots().line(loader('A', 0, 0));
  boot = story.loop.run(story.boots->next(1, BootStage::shell, budget));
  ASSERT_FALSE(boot.has_value());
  EXPECT_NE(boot.error().what().find("came to the loader"), std::string::npos);
}

TEST(Boots, every_change_is_told) {
  Story story;
  std::string told;
  story.boots->on_change([&](const Boot& boot) {
    told += fmt::format("{}{} ", boot.number, boot.ended() ? "!" : "");
  });
  story.power().line(loader('A', 0, 0)).line("x login: ").shell("1").off();
  EXPECT_EQ(told, "1 1 1 1 1! ");
}

}  // namespace
}  // namespace seatrial::dut
