// SPDX-License-Identifier: Apache-2.0
// The mutants of the tree, as `seatrial list mutants` reads them with the suites beside it: each
// says how its case goes red, and no reason is one that a device gives which merely does not boot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::cli {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

io::Output seatrial(const std::vector<std::string>& words) {
  auto command = io::cmd(SEATRIAL_BINARY_DIR "/bin/seatrial");
  command.args = words;
  auto output = io::run_blocking(std::move(command), Budget(std::chrono::seconds(40), "seatrial"));
  EXPECT_TRUE(output) << output.error().describe();
  return output ? *output : io::Output{};
}

json listed(const std::string& kind) {
  const auto output = seatrial({"list", kind, "--json"});
  EXPECT_EQ(output.status.code, 0) << output.err;
  return json::parse(output.out, nullptr, false);
}

/// Words of the cases' first failures on a device that stays dark.
const std::vector<std::string>& of_a_dead_device() {
  static const std::string nothing =
      " (while boot 1 (the power was switched on) had come as far as: nothing on the console)";
  static const std::string loader =
      " (while boot 2 (a reboot) had come as far as: the boot loader)";
  static const std::string silent = " (while waiting on the console, whose last line is '')";
  static const std::vector<std::string> all{
      "waited 1 min 50 s for a shell on the DUT, in vain" + nothing,
      "waited 1 min 50 s for a shell on the DUT, in vain" + loader,
      "waited 90.0 s for the next boot to reach a shell, in vain" + loader,
      "waited 2 min for the console to show [\"(?m)^[\\\\w-]+ login: $\"], in vain" + silent,
      "waited 3 min for the console to show [\"Looks like we are running in altboot mode\"], in "
      "vain" +
          silent,
      "waited 2 min for the console to show [\"Failed healthchecks. Rebooting to previous "
      "rootfs\"], in vain" +
          silent,
      "waited 90.0 s for the console to show [\"HUP detected\"], in vain" + silent,
      "the device did not register within 2 min",
      "the device API saw 0 of 1 requests GET /device/v3/*/state answered 200 within 2 min",
      "the device API saw 0 of 1 requests POST /device/register answered 409 within 2 min",
      "the device API saw 0 of 1 requests POST /device/register answered 503 within 2 min",
      "the device API saw 0 of 1 requests of any method to /* within 2 min"};
  return all;
}

TEST(MutantsOfTheTree, say_how_their_case_goes_red) {
  const auto mutants = listed("mutants");
  ASSERT_TRUE(mutants.is_array());
  std::set<std::string> folders, names;
  for (const auto& entry :
       std::filesystem::directory_iterator(SEATRIAL_SOURCE_DIR "/fixtures/refos/mutants"))
    folders.insert(entry.path().filename().string());
  for (const auto& mutant : mutants) {
    names.insert(mutant.value("mutant", ""));
    SCOPED_TRACE(mutant.value("mutant", ""));
    EXPECT_EQ(mutant["cases"].size(), 1u) << "the reason is that of one case";
    EXPECT_EQ(mutant.value("expected", ""), "fail");
    EXPECT_GT(mutant.value("description", "").size(), 20u);
    EXPECT_NE(mutant.value("code", ""), "");
    EXPECT_GT(mutant.value("why", "").size(), 15u) << "too short to be a reason";
  }
  EXPECT_EQ(names, folders) << "a mutant that the loader does not know, or for no case";
}

TEST(MutantsOfTheTree, turn_every_case_red) {
  std::set<std::string> red;
  for (const auto& mutant : listed("mutants"))
    for (const auto& name : mutant["cases"]) red.insert(name.get<std::string>());
  const auto cases = listed("cases");
  ASSERT_GE(cases.size(), 18u);
  for (const auto& one : cases) {
    const auto name = one.value("suite", "") + "." + one.value("case", "");
    EXPECT_THAT(red, Contains(name)) << "no mutant turns it red";
  }
}

TEST(MutantsOfTheTree, are_not_proven_by_a_device_that_does_not_boot) {
  const std::set<std::string> of_boots{"boot.not_reached", "boot.not_settled", "boot.ended",
                                       "shell.not_ready", "provisioning.late"};
  // Without an address nobody reaches it; its reason says how far it came all the same.
  const std::set<std::string> unreachable{"dhcp_off"};
  for (const auto& mutant : listed("mutants")) {
    const auto name = mutant.value("mutant", "");
    SCOPED_TRACE(name);
    if (!unreachable.contains(name)) {
      EXPECT_THAT(of_boots, Not(Contains(mutant.value("code", ""))));
    }
    const RE2 why(mutant.value("why", ""));
    for (const auto& words : of_a_dead_device())
      EXPECT_FALSE(RE2::PartialMatch(words, why)) << mutant["why"] << " matches: " << words;
  }
}

/// The log of a run with one case that ended with this.
void write_run(const std::filesystem::path& folder, const json& end) {
  std::string log;
  const auto add = [&](const char* kind, const json& data, bool of_case) {
    json event{{"v", 1}, {"seq", 1}, {"mono", 0}, {"run", "r"}, {"kind", kind}, {"data", data}};
    event["wall"] = "2026-01-01T00:00:00.000Z";
    if (of_case) event.update({{"attempt", 1}, {"case", "smoke.os_release_and_slug"}});
    log += event.dump() + "\n";
  };
  add("run_started", {{"schema", 1}, {"cases", {"smoke.os_release_and_slug"}}}, false);
  add("case_started", json::object(), true);
  add("step_started", {{"step", 1}, {"name", "shell.get"}, {"text", "shell get"}}, true);
  add("step_finished", {{"step", 1}, {"ok", true}}, true);
  if (end["verdict"] == "fail")
    add("assertion", {{"ok", false}, {"file", "smoke.cpp"}, {"line", 1}, {"text", end["said"]}},
        true);
  add("case_finished", {{"verdict", end["verdict"]}, {"seconds", 1}}, true);
  add("run_finished", json::object(), false);
  ASSERT_TRUE(io::make_dirs(folder));
  ASSERT_TRUE(io::write_file_atomic(folder / "events.jsonl", log));
}

TEST(Judge, says_of_earlier_evidence_what_the_mutant_says_now_and_runs_nothing) {
  const auto made = io::TempDir::make("seatrial-judge").value();
  const auto folder = made.path();
  const auto judged = [&] {
    return seatrial({"prove", "smoke.os_release_and_slug", "--judge", folder.string()});
  };
  EXPECT_EQ(judged().status.code, 2) << "there is no proof";
  write_run(folder / "good", {{"verdict", "pass"}});
  EXPECT_EQ(judged().status.code, 3) << "the mutant was not run";

  write_run(folder / "other_slug",
            {{"verdict", "fail"},
             {"said",
              "Value of: slugs\nExpected: contains \"seatrial-other-board\"\n  Actual: "
              "{}\nSLUG is not this kind of device"}});
  const auto proven = judged();
  EXPECT_EQ(proven.status.code, 0) << proven.out << proven.err;
  EXPECT_THAT(proven.out, HasSubstr("1 of 1 proven"));
  EXPECT_FALSE(std::filesystem::exists(folder / "prove.json")) << "evidence is only read";

  write_run(folder / "other_slug", {{"verdict", "fail"}, {"said", "os-release has no VERSION"}});
  const auto other = judged();
  EXPECT_EQ(other.status.code, 1);
  EXPECT_THAT(other.out, HasSubstr("red, but not for the stated reason"));
  EXPECT_EQ(seatrial({"prove", "--judge", folder.string(), "--out", "x"}).status.code, 2);
}

}  // namespace
}  // namespace seatrial::cli
