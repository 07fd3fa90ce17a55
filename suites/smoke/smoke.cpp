// SPDX-License-Identifier: Apache-2.0
// smoke: is this the OS we think it is, and is it healthy a minute after power-on?
#include <algorithm>

#include "suites/kit/suite.hpp"

SUITE(smoke, needs(Cap::power, Cap::console, Cap::shell, Cap::boots), budget(4min))

CASE(smoke, boots_to_login_in_time, from(Checkpoint::fresh), needs(Cap::storage),
     mutants("no_login"),
     doc("From power-on to the login prompt on the console within the budget of the device type, "
         "in one boot.")) {
  const auto allowed = bench.budget("boot_to_login");
  bench.configure_medium({{"developmentMode", true}});  // brings the login on the serial console
  const Boot before = bench.current_boot();
  const auto start = bench.console().mark("before power on");

  bench.power_on();
  const auto prompt = bench.info().device["console"]["login_prompt"].text();
  const auto login = bench.console().expect_from(start, prompt, within(allowed.span * 2));
  bench.wait_for_shell(bench.budget("boot_to_ssh"));

  const Boot boot = bench.current_boot();
  EXPECT_EQ(boot.number, before.number + 1)
      << "the device needed more than one boot to reach its login";
  EXPECT_EQ(boot.slot, Slot("A")) << "a flashed image boots its first root";
  bench.measure("boot_to_login", login.at - boot.at, at_most(allowed.span));
}

CASE(smoke, os_release_and_slug, from(Checkpoint::booted), needs(Cap::config_json),
     mutants("other_slug"),
     doc("os-release has every documented field and agrees with the image that was flashed, with "
         "the device type on the boot partition and with what people read in issue.")) {
  const auto os_release = bench.get("/etc/os-release");
  for (const auto& name : bench.profile().os_release_fields())
    EXPECT_FALSE(os_release_field(os_release, name).empty())
        << "os-release has no " << name << ":\n"
        << os_release;

  const auto version = os_release_field(os_release, "VERSION_ID");
  ASSERT_FALSE(version.empty()) << os_release;
  const auto& flashed = bench.info().image.version;
  if (flashed.empty()) {
    bench.note("not compared with the flashed version: the image does not say which it is");
  } else {
    EXPECT_EQ(version, flashed) << "not the version that was flashed";
  }

  const auto& device = bench.info().device;
  auto slugs = device["aliases"].texts();
  slugs.push_back(device["slug"].text());
  const auto slug = os_release_field(os_release, "SLUG");
  EXPECT_THAT(slugs, Contains(slug)) << "SLUG is not this kind of device";
  const auto on_boot = Value::parse(bench.get(bench.profile().path("boot") + "/device-type.json"));
  EXPECT_EQ(on_boot["slug"].text(), slug) << "device-type.json and os-release disagree";

  EXPECT_THAT(bench.get("/etc/issue"), HasSubstr(version)) << "issue names another version";
  EXPECT_THAT(bench.get("/etc/issue.net"), HasSubstr(version)) << "issue.net names another version";
}

CASE(
    smoke, expected_services_active_and_none_failed, from(Checkpoint::booted),
    mutants("failing_unit"),
    doc("Every unit of the profile's list is active once the boot is finished, no unit has failed, "
        "and engine and supervisor answer.")) {
  const auto state = bench.run("systemctl is-system-running --wait", within(90s));
  EXPECT_EQ(state.line(), "running") << "systemd says the boot did not end well";

  const auto failed = bench.run("systemctl list-units --failed --plain --no-legend");
  EXPECT_THAT(failed.lines(), IsEmpty()) << "units have failed";
  for (const auto& unit : bench.profile().expected_active())
    EXPECT_EQ(bench.unit_state(unit), "active") << unit << " is expected to be active";

  const auto engine = bench.run("curl -sS --max-time 20 --unix-socket " +
                                bench.profile().path("engine_socket") + " http://engine/_ping");
  EXPECT_EQ(engine.line(), "OK") << "the engine does not answer: " << engine.err;
  const auto port = std::to_string(bench.profile().supervisor_port());
  const auto ping = bench.run("curl -sS --max-time 20 http://127.0.0.1:" + port + "/ping");
  EXPECT_EQ(ping.line(), "OK") << "the supervisor does not answer: " << ping.err;
}

CASE(
    smoke, root_is_read_only_and_state_survives_a_reboot, from(Checkpoint::booted),
    needs(Cap::offline_disk), mutants("root_writable", "state_not_kept"),
    doc("A write to the root is refused; what is written to the state and data partitions is still "
        "there after a reboot, and on the disk read without the OS.")) {
  const auto refused = bench.run("echo seatrial > /etc/seatrial-probe");
  EXPECT_FALSE(refused.ok()) << "the root file system took a write";
  EXPECT_THAT(refused.err, HasSubstr("Read-only file system"));

  const auto state = bench.profile().path("state");
  const auto data = bench.profile().path("data");
  const Boot before = bench.current_boot();
  const std::string token = "kept over " + before.boot_id + "\n";
  bench.put(state + "/seatrial-probe", token);
  bench.put(data + "/seatrial-probe", token);

  bench.soft_off(bench.budget("shutdown"));
  for (const auto* partition : {"state", "data"}) {
    ASSERT_TRUE(bench.disk().has(partition, "/", "seatrial-probe"))
        << "what was written is not on the " << partition << " partition";
    EXPECT_EQ(bench.disk().read(partition, "/seatrial-probe"), token);
  }

  bench.power_on();
  const Boot after = bench.next_boot(before, bench.budget("boot_to_ssh"));
  EXPECT_NE(after.boot_id, before.boot_id);
  EXPECT_EQ(after.slot, before.slot);
  EXPECT_EQ(bench.get(state + "/seatrial-probe"), token) << "lost from the state partition";
  EXPECT_EQ(bench.get(data + "/seatrial-probe"), token) << "lost from the data partition";
  EXPECT_FALSE(bench.has_file("/etc/seatrial-probe")) << "the refused write is there after all";
}
