// SPDX-License-Identifier: Apache-2.0
// logging: in memory unless asked otherwise, on the data partition when asked, and bounded always.
#include "suites/kit/suite.hpp"

SUITE(logging, needs(Cap::power, Cap::shell, Cap::boots, Cap::config_json), budget(5min))

namespace {

/// Text that occurs nowhere else, on any disk.
std::string marker(const Boot& boot, const std::string& what) {
  return "seatrial-" + what + "-" + boot.boot_id;
}

void log_line(Bench& bench, const std::string& text) {
  bench.output("logger -t seatrial '" + text + "' && journalctl --sync");
}

/// Whether the journal, all boots of it, has a line with the text.
bool logged(Bench& bench, const std::string& text) {
  return !bench.run("journalctl --no-pager -q -o cat -t seatrial | grep -F -e '" + text + "'")
              .line()
              .empty();
}

std::size_t boots_in_journal(Bench& bench) {
  return bench.run("journalctl --no-pager -q --list-boots").lines().size();
}

double megabytes_in(Bench& bench, const std::string& folder) {
  return std::stod("0" + bench.output("du -sk " + folder + " | cut -f1")) / 1024;
}

/// Writes far more than `megabytes` into the journal, in lines that do not compress.
void flood(Bench& bench, double megabytes) {
  const auto bytes = static_cast<long>(megabytes * 1024 * 1024);
  bench.output("head -c " + std::to_string(bytes) +
                   " /dev/urandom | base64 -w 24000 | systemd-cat -t seatrial-flood"
                   " && journalctl --sync",
               within(90s));
}

/// Floods a journal of `limit` MB: it must stay below, with the newest lines in and the oldest out.
void flood_and_measure(Bench& bench, const std::string& mode, const std::string& folder,
                       double limit) {
  const Boot boot = bench.current_boot();
  const auto oldest = marker(boot, mode + "-oldest"), newest = marker(boot, mode + "-newest");
  log_line(bench, oldest);
  bench.require(logged(bench, oldest), "the line before the flood is in the journal");

  flood(bench, limit * 1.5);
  log_line(bench, newest);
  bench.measure(mode + "_journal", megabytes_in(bench, folder), "MB", at_most(limit));
  EXPECT_TRUE(logged(bench, newest)) << "the newest line fell out of the " << mode << " journal";
  EXPECT_FALSE(logged(bench, oldest)) << "the " << mode << " journal kept more than its limit";
  EXPECT_EQ(bench.unit_state("systemd-journald.service"), "active");
}

}  // namespace

CASE(
    logging, volatile_by_default, from(Checkpoint::booted), needs(Cap::offline_disk),
    mutants("journal_always_persistent"),
    doc("Without persistentLogging the journal lies in memory: gone after a reboot, and no byte of "
        "it ever on the data or state partition.")) {
  const Boot before = bench.current_boot();
  bench.require(!bench.config()["persistentLogging"].truth(),
                "config.json asks for no persistence");
  const auto line = marker(before, "volatile");
  log_line(bench, line);
  bench.require(logged(bench, line), "the journal takes a line");
  EXPECT_THAT(bench.output("journalctl --header | grep 'File path'"),
              HasSubstr("/run/log/journal"));

  bench.soft_off(bench.budget("shutdown"));
  for (const auto* partition : {"data", "state"})
    EXPECT_THAT(bench.disk().search(partition, line), IsEmpty())
        << "a log line is in the raw bytes of the " << partition << " partition";

  bench.power_on();
  bench.next_boot(before, bench.budget("boot_to_ssh"));
  EXPECT_FALSE(logged(bench, line)) << "a line of the boot before is still there";
  EXPECT_EQ(boots_in_journal(bench), 1u) << "the journal knows more than the running boot";
}

CASE(logging, persistent_when_enabled, from(Checkpoint::booted), needs(Cap::offline_disk),
     mutants("journal_never_persistent"),
     doc("persistentLogging, written as a string as tools do, takes hold at the next boot: the "
         "journal lies in its place on the data partition and lists the earlier boots.")) {
  bench.configure({{"persistentLogging", "true"}});
  const Boot first = bench.restart();
  const auto line = marker(first, "persistent");
  log_line(bench, line);

  bench.soft_off(bench.budget("shutdown"));
  EXPECT_THAT(bench.disk().search("data", line), Not(IsEmpty()))
      << "the line is not on the data partition";
  EXPECT_THAT(bench.disk().search("state", line), IsEmpty())
      << "the line is on the state partition";

  bench.power_on();
  const Boot second = bench.next_boot(first, bench.budget("boot_to_ssh"));
  EXPECT_TRUE(logged(bench, line)) << "the line of the boot before is gone";
  EXPECT_EQ(boots_in_journal(bench), 2u) << "the two boots since it was enabled";
  EXPECT_NE(first.boot_id, second.boot_id);
  const auto earlier = bench.run("journalctl --no-pager -q -o cat -t seatrial -b -1");
  EXPECT_THAT(earlier.out, HasSubstr(line)) << "the line is not in the journal of its boot";
  const auto place = bench.profile().path("journal_on_data");
  // The file that is being written to is in flux and verifies or not by chance: it is closed first.
  EXPECT_TRUE(bench.run("journalctl --rotate").ok());
  const auto closed = "'" + place + "'/*/system@*.journal";
  EXPECT_THAT(bench.run("ls " + closed).lines(), Not(IsEmpty())) << "no closed journal file";
  const auto verified = bench.run("journalctl --verify --quiet --file=" + closed, within(60s));
  EXPECT_TRUE(verified.ok()) << testing::PrintToString(verified);

  EXPECT_THAT(bench.run("find " + place + " -name '*.journal'").lines(), Not(IsEmpty()))
      << "no journal in the documented place";
}

CASE(logging, capped_under_a_flood, from(Checkpoint::booted), mutants("journal_cap_removed"),
     doc("However much is logged, the journal stays below its limit and keeps the newest lines, in "
         "memory and on the disk.")) {
  const auto& profile = bench.profile();
  flood_and_measure(bench, "volatile", "/run/log/journal", profile.limit("journal_volatile_mb"));

  bench.configure({{"persistentLogging", true}});
  bench.restart();
  flood_and_measure(bench, "persistent", profile.path("journal_on_data"),
                    profile.limit("journal_persistent_mb"));
}
