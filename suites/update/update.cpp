// SPDX-License-Identifier: Apache-2.0
// update: a new OS is kept when it is good and left when it is not, and nothing of the user is lost
// either way. Nobody helps the device after the reboot. What is asserted is the table of state
// files and loader variables of the update contract, at T0 (installed, not yet rebooted) and at the
// end, and at the end once more on the disk, read without the OS.
#include "suites/kit/suite.hpp"

SUITE(update,
      needs(Cap::power, Cap::shell, Cap::boots, Cap::console, Cap::cloud, Cap::offline_disk,
            Cap::ab_slots, Cap::config_json),
      budget(8min))

namespace {

/// What must be the same after an update as before it.
struct Kept {
  std::string tree;    ///< hash over the user's files on data
  std::string config;  ///< config.json
};

constexpr const char* kTree = "/seatrial-tree";

std::string tree_hash(Bench& bench) {
  return bench.output("cd " + bench.profile().path("data") + kTree +
                      " && find . -type f -exec sha256sum {} + | sort | sha256sum");
}

Kept plant_user_data(Bench& bench) {
  bench.output(
      "mkdir -p " + bench.profile().path("data") + kTree + "/deep/er && cd " +
      bench.profile().path("data") + kTree +
      " && head -c 3000000 /dev/urandom > big && echo small > deep/er/file && sync -f big");
  return {tree_hash(bench), bench.config().dump()};
}

void expect_kept(Bench& bench, const Kept& before) {
  EXPECT_EQ(tree_hash(bench), before.tree) << "files of the user on the data partition changed";
  EXPECT_EQ(bench.config().dump(), before.config) << "config.json is not what it was";
}

/// T0: installed and armed, the old OS still runs.
void expect_armed(Bench& bench, const Slots& before) {
  const auto state = bench.update_state();
  const auto& os = bench.profile();
  EXPECT_TRUE(state.has(os.name_of("altboot_breadcrumb"))) << "no way back by boot count is laid";
  EXPECT_TRUE(state.has(os.name_of("health_breadcrumb"))) << "no health check of the new OS is due";
  EXPECT_EQ(state.variable(os.name_of("loader_on_trial")), "1") << "the loader counts no boots";
  EXPECT_EQ(state.variable(os.name_of("loader_boots")), "0");
  EXPECT_EQ(state.variable(os.name_of("loader_root")),
            std::to_string(bench.partition_number(before.inactive.role())))
      << "the loader was not pointed at the new root";
  const auto slots = bench.slots();
  EXPECT_EQ(slots.active, before.active) << "the installation must not change the running root";
  EXPECT_EQ(slots.counter(before.inactive), before.counter(before.active) + 1);
}

InstallResult install_armed(Bench& bench, const std::string& role) {
  const auto before = bench.slots();
  const auto installed = bench.install(bench.image(role), bench.budget("update"));
  EXPECT_TRUE(installed.ok()) << testing::PrintToString(installed);
  bench.measure("install", installed.took, at_most(bench.budget("update").span));
  expect_armed(bench, before);
  return installed;
}

/// The end of every story: nothing is pending, and the loader starts `slot`.
void expect_settled(const Profile& os, const UpdateState& state, int part) {
  EXPECT_FALSE(state.has(os.name_of("altboot_breadcrumb"))) << "the way back is still open";
  EXPECT_FALSE(state.has(os.name_of("health_breadcrumb"))) << "the health check is still open";
  EXPECT_EQ(state.variable(os.name_of("loader_on_trial")), "0") << "the loader still counts boots";
  EXPECT_EQ(state.variable(os.name_of("loader_boots")), "0");
  EXPECT_EQ(state.variable(os.name_of("loader_root")), std::to_string(part))
      << "the loader's choice";
}

/// The same on the disk, with the OS off.
void expect_settled_offline(Bench& bench, const Slot& slot) {
  bench.soft_off(bench.budget("shutdown"));
  UpdateState state = bench.disk().loader();
  state.files = bench.disk().list("state", "/");
  expect_settled(bench.profile(), state, bench.partition_number(slot.role()));
  if (bench.info().device["boot_loader"]["kind"].text() == "grub") {
    EXPECT_EQ(bench.disk().environment_bytes(), 1024) << "GRUB cannot save into another size";
  }
}

std::string unfinished(Bench& bench) {
  const auto& os = bench.profile();
  return "test -e " + os.path("state") + "/" + os.name_of("health_breadcrumb") + " || test -e " +
         os.path("state") + "/" + os.name_of("altboot_breadcrumb");
}

std::vector<Boot> boots_after(Bench& bench, int number) {
  auto all = bench.boots();
  std::erase_if(all, [&](const Boot& boot) { return boot.number <= number; });
  return all;
}

}  // namespace

CASE(update, good_update_is_kept, from(Checkpoint::provisioned), images("{next}"),
     mutants("breadcrumbs_never_cleared", "loader_not_switched"),
     doc("A good update boots, is declared healthy and kept; data and config.json are what they "
         "were, and breadcrumbs and boot counter are cleared, on the disk too.")) {
  const auto kept = plant_user_data(bench);
  const Boot before = bench.current_boot();
  const auto next = bench.image("next");
  if (next.version.empty())
    bench.note("not compared with the bundle's version: the bundle does not say which it is");
  else
    bench.require(next.version != before.os_version, "the bundle is of another version");
  bench.shorten_rollback(2s, 3, 2s, 1s);
  install_armed(bench, "next");
  const auto start = bench.console().mark("reboot into the new OS");

  bench.reboot();
  const Boot tried = bench.next_boot(before, within(90s));
  ASSERT_EQ(tried.slot, before.slot.other()) << "the update was never tried";
  EXPECT_EQ(tried.number, before.number + 1) << "it took more than one boot";
  if (!next.version.empty()) {
    EXPECT_EQ(tried.os_version, next.version);
  }
  const auto& profile = bench.profile();
  bench.console().expect_from(start, profile.message("hup_detected"), within(60s));
  const auto kept_at =
      bench.console().expect_from(start, profile.message("commit_hooks"), within(60s));
  bench.wait_until("the new OS is kept", "! { " + unfinished(bench) + "; }", within(30s));
  bench.measure("boot_to_kept", kept_at.at - tried.at, at_most(120s));

  const auto state = bench.update_state();
  expect_settled(bench.profile(), state, bench.partition_number(tried.slot.role()));
  for (const auto* file : {"rollback-altboot-triggered", "rollback-health-triggered",
                           "rollback-health-failed", "rollback-health-variables"})
    EXPECT_FALSE(state.has(file)) << "a good update leaves no " << file;
  EXPECT_THAT(bench.journal(profile.unit("health")),
              Contains(HasSubstr(profile.message("new_os_stable"))));
  expect_kept(bench, kept);

  expect_settled_offline(bench, tried.slot);
}

CASE(update, broken_init_rolls_back_by_boot_count, from(Checkpoint::provisioned),
     images("{next}+init_broken"), mutants("altboot_missing"),
     doc("A new OS whose init cannot start is left after exactly the loader's number of attempts; "
         "the old OS finds itself in altboot, takes the update back and boots once more.")) {
  const auto kept = plant_user_data(bench);
  const Boot before = bench.current_boot();
  bench.shorten_rollback(2s, 3, 2s, 1s);
  bench.console().allow({"panic", "panic.init_killed", "reset.unexpected"});
  install_armed(bench, "next+init_broken");
  const auto start = bench.console().mark("reboot into the broken OS");

  bench.reboot();
  const auto& profile = bench.profile();
  bench.console().expect_from(start, profile.message("altboot"), within(3min));
  const int failed = bench.attempt_limit();
  const Boot last = bench.boot_after(before.number + failed + 1, within(2min));

  const auto boots = boots_after(bench, before.number);
  ASSERT_THAT(boots, SizeIs(failed + 2)) << "failed attempts, altboot, and the old OS for good";
  for (int i = 0; i < failed; ++i) {
    EXPECT_EQ(boots[i].slot, before.slot.other()) << "attempt " << i + 1 << " of the new root";
    EXPECT_EQ(boots[i].boot_id, "") << "the broken OS reached a shell";
  }
  EXPECT_EQ(boots[failed].slot, before.slot) << "the loader did not fall back in time";
  EXPECT_EQ(boots[failed].bootcount, failed + 1);
  EXPECT_EQ(last.slot, before.slot);
  EXPECT_EQ(last.os_version, before.os_version);
  bench.measure("rollback", last.at - boots[0].at, at_most(4min));

  const auto state = bench.update_state();
  expect_settled(bench.profile(), state, bench.partition_number(before.slot.role()));
  EXPECT_TRUE(state.has("rollback-altboot-triggered")) << "the evidence of the rollback is missing";
  EXPECT_FALSE(state.has("rollback-health-triggered")) << "the health check had no part in this";
  EXPECT_FALSE(state.has("rollback-health-failed"));
  for (const auto* unit : {"altboot", "health"})
    EXPECT_EQ(bench.unit_state(profile.unit(unit)), "inactive") << unit << " has still work to do";
  expect_kept(bench, kept);

  expect_settled_offline(bench, before.slot);
}

CASE(update, sick_engine_rolls_back_from_user_space, from(Checkpoint::provisioned),
     images("{next}+engine_never_healthy"),
     mutants("health_always_good", "rollback_hook_does_nothing"),
     doc("A new OS that boots but whose engine never answers gives itself up after its health "
         "checks, and the old OS runs again.")) {
  const auto kept = plant_user_data(bench);
  const Boot before = bench.current_boot();
  const int checks = 3;
  const Seconds between = 2s;
  bench.shorten_rollback(4s, checks, between, 1s);
  install_armed(bench, "next+engine_never_healthy");
  const auto start = bench.console().mark("reboot into the sick OS");

  bench.reboot();
  const auto& profile = bench.profile();
  const auto begun =
      bench.console().expect_from(start, profile.message("hup_detected"), within(90s));
  const auto given_up =
      bench.console().expect_from(begun.end, profile.message("health_failed"), within(2min));
  const Boot back = bench.boot_after(before.number + 1, within(2min));

  const auto boots = boots_after(bench, before.number);
  ASSERT_THAT(boots, SizeIs(2)) << "one boot of the sick OS, one back";
  EXPECT_EQ(boots[0].slot, before.slot.other()) << "the update was never tried";
  EXPECT_EQ(back.slot, before.slot);
  EXPECT_EQ(back.os_version, before.os_version);
  bench.measure("health_checks", given_up.at - begun.at, at_least((between * checks).count()));
  bench.measure("rollback", back.at - boots[0].at, at_most(5min));

  const auto state = bench.update_state();
  expect_settled(bench.profile(), state, bench.partition_number(before.slot.role()));
  EXPECT_TRUE(state.has("rollback-health-triggered")) << "the evidence of the rollback is missing";
  EXPECT_FALSE(state.has("rollback-altboot-triggered")) << "the boot count had no part in this";
  EXPECT_FALSE(state.has("rollback-health-failed")) << "the way back itself failed";
  expect_kept(bench, kept);

  expect_settled_offline(bench, before.slot);
}

CASE(update, truncated_bundle_is_refused, from(Checkpoint::provisioned), images("{next}"),
     mutants("verify_skipped"),
     doc("A bundle whose second half never arrives is refused in words; nothing is armed, boot "
         "files and root of the old OS are untouched, and it boots again.")) {
  const auto kept = plant_user_data(bench);
  const Boot before = bench.current_boot();
  const auto slots = bench.slots();
  const auto boot_files =
      "cd " + bench.profile().path("boot") + " && find . -type f -exec sha256sum {} + | sort";
  const auto boot_before = bench.output(boot_files);

  const auto refused = bench.install(bench.image("next", "truncated"), bench.budget("update"));
  EXPECT_FALSE(refused.ok()) << testing::PrintToString(refused);
  EXPECT_EQ(refused.exit, 1) << testing::PrintToString(refused);
  EXPECT_THAT(refused.out, HasSubstr(bench.profile().message("update_failed")));
  EXPECT_THAT(refused.phases, Not(Contains("arm"))) << "the loader was switched all the same";

  expect_settled(bench.profile(), bench.update_state(), bench.partition_number(before.slot.role()));
  EXPECT_EQ(bench.output(boot_files), boot_before) << "files of the boot partition changed";
  EXPECT_EQ(bench.slots().counter(slots.active), slots.counter(slots.active));
  expect_kept(bench, kept);

  expect_settled_offline(bench, before.slot);
  // Into half an OS nobody boots: what comes of that would hide the reason.
  ASSERT_FALSE(bench.disk().has(slots.inactive.role(), "/", "current"))
      << "the other root has an OS to enter, of half a bundle";

  bench.power_on();
  const Boot again = bench.next_boot(before, bench.budget("boot_to_ssh"));
  EXPECT_EQ(again.slot, before.slot);
  EXPECT_EQ(again.os_version, before.os_version);
}
