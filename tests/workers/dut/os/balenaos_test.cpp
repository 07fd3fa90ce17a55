// SPDX-License-Identifier: Apache-2.0
#include "workers/dut/os/balenaos.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

namespace seatrial::dut {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// A device that answers by a list; what it is asked is what is tested here.
class ScriptedShell final : public Shell {
 public:
  Task<Result<RunResult>> run(RunRequest request) override {
    asked.push_back(request.command);
    inputs.push_back(request.input);
    if (broken) co_return *broken;
    for (const auto& [part, answer] : answers)
      if (request.command.find(part) != std::string::npos) co_return answer;
    co_return RunResult();
  }
  Task<Result<>> put(std::filesystem::path, std::string, unsigned, Duration) override {
    co_return Result<>();
  }
  Task<Result<>> get(std::string, std::filesystem::path, Duration, bool) override {
    co_return Result<>();
  }
  void says(const char* part, std::string out, int exit_code = 0) {
    RunResult result;
    result.out = std::move(out);
    result.exit_code = exit_code;
    answers.emplace_back(part, std::move(result));
  }
  std::vector<std::pair<std::string, RunResult>> answers;
  std::vector<std::string> asked, inputs;
  std::optional<Failure> broken;
};

template <class T>
Result<T> run(Task<Result<T>> task) {
  boost::asio::io_context context;
  std::optional<Result<T>> result;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr thrown, Result<T> value) {
    if (thrown) std::rethrow_exception(thrown);
    result.emplace(std::move(value));
  });
  context.run();
  return std::move(*result);
}

class BalenaOsTest : public testing::Test {
 protected:
  BalenaOsTest() {
    model::OsProfile profile;
    profile.name = "balenaos";
    profile.adapter = "balenaos";
    profile.paths = {{"config", "/mnt/boot/config.json"},
                     {"state", "/mnt/state"},
                     {"boot", "/mnt/boot"},
                     {"rollback_timings", "/mnt/state/t.conf"}};
    profile.commands = {
        {"update", "update {bundle}"}, {"write_config", "write {path}"}, {"slots", "slots"}};
    model::DeviceType device;
    device.slug = "some-board";
    device.boot_loader.kind = "grub";
    device.boot_loader.environment = "grubenv";
    os = make_os_family(profile, device).value();
  }
  std::unique_ptr<OsFamily> os;
  ScriptedShell shell;
};

TEST(OsFamilies, an_unknown_adapter_is_refused_with_the_known_ones) {
  model::OsProfile profile;
  profile.name = "other";
  profile.adapter = "otheros";
  const auto made = make_os_family(profile, {});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code(), "profile.adapter");
  EXPECT_THAT(made.error().advice(), HasSubstr("balenaos"));
}

TEST_F(BalenaOsTest, a_fresh_image_is_told_where_the_bench_is) {
  BenchOffer offer;
  offer.api_host = "api.test";
  offer.provisioning_key = "the-key";
  offer.application = 7;
  offer.ssh_key = "ssh-ed25519 AAAA";
  auto edit = os->configuration(os->settings(offer), {});
  EXPECT_EQ(edit.partition, "boot");
  EXPECT_EQ(edit.path, "/config.json");
  const auto text = edit.change(std::nullopt);
  ASSERT_TRUE(text.has_value());
  const auto config = json::parse(*text);
  EXPECT_EQ(config["apiEndpoint"], "http://api.test");
  EXPECT_EQ(config["apiKey"], "the-key");
  EXPECT_EQ(config["deviceType"], "some-board");
  EXPECT_EQ(config["os"]["sshKeys"][0], "ssh-ed25519 AAAA");
  EXPECT_EQ(os->shown(*text).value()["apiKey"], "<redacted>");
}

TEST_F(BalenaOsTest, an_edit_keeps_what_is_there_and_refuses_what_is_no_config) {
  auto edit = os->configuration({{"hostname", "named"}}, {"gone"});
  const auto text = edit.change(R"({"kept": 1, "gone": 2})");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(json::parse(*text), (json{{"kept", 1}, {"hostname", "named"}}));
  EXPECT_EQ(edit.change("{broken").error().code(), "config.invalid");
}

TEST_F(BalenaOsTest, its_boot_id_and_version_are_read) {
  shell.says("boot_id", "6f1c\n2.98.33\n");
  const auto facts = run(os->identify(shell, 1s));
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->boot_id, "6f1c");
  EXPECT_EQ(facts->os_version, "2.98.33");
}

TEST_F(BalenaOsTest, without_a_boot_id_nothing_is_known) {
  shell.says("boot_id", "");
  EXPECT_EQ(run(os->identify(shell, 1s)).error().code(), "shell.facts");
}

TEST_F(BalenaOsTest, the_running_configuration_is_read_edited_and_written_by_its_tool) {
  shell.says("cat ", R"({"a": 1})");
  EXPECT_TRUE(run(os->configure(shell, {{"b", true}}, {}, 1s)).has_value());
  ASSERT_EQ(shell.asked.size(), 2u);
  EXPECT_EQ(shell.asked[1], "write '/mnt/boot/config.json'");
  EXPECT_EQ(json::parse(shell.inputs[1]), (json{{"a", 1}, {"b", true}}));
}

TEST_F(BalenaOsTest, a_command_that_fails_is_the_products_with_its_words) {
  shell.says("cat ", "", 1);
  shell.answers[0].second.err = "No such file\n";
  const auto failed = run(os->configure(shell, {{"b", true}}, {}, 1s));
  EXPECT_EQ(failed.error().blame(), Blame::product);
  EXPECT_THAT(failed.error().what(), HasSubstr("No such file"));
}

TEST_F(BalenaOsTest, an_update_that_is_refused_is_an_outcome) {
  shell.says("update ", "phase fetch\nphase verify\nbad\n", 3);
  const auto outcome = run(os->install(shell, "http://x/it's.tar", 1s));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->exit_code, 3);
  EXPECT_THAT(outcome->phases, ElementsAre("fetch", "verify"));
  EXPECT_EQ(shell.asked[0], "update " + shell_quote("http://x/it's.tar"));
}

TEST_F(BalenaOsTest, a_restart_may_end_the_connection_that_asks_for_it) {
  shell.broken = Failure("ssh.lost", Blame::unknown, "gone", "look");
  EXPECT_TRUE(run(os->restart(shell, 1s)).has_value());
  shell.broken = Failure("ssh.unreachable", Blame::unknown, "gone", "look");
  EXPECT_FALSE(run(os->restart(shell, 1s)).has_value());
}

TEST_F(BalenaOsTest, slots_are_read_and_foreign_numbers_left_out) {
  shell.says("slots", "active=B\nactive_counter=12\ninactive_counter=99999999999999999999\n");
  const auto slots = run(os->slots(shell, 1s));
  ASSERT_TRUE(slots.has_value());
  EXPECT_EQ(slots->active, "B");
  EXPECT_EQ(slots->inactive, "A");
  EXPECT_THAT(slots->counters, ElementsAre(Pair("B", 12)));
  shell.answers.clear();
  shell.says("slots", "active=\n");
  EXPECT_EQ(run(os->slots(shell, 1s)).error().code(), "os.slots");
}

TEST_F(BalenaOsTest, the_state_of_an_update_is_its_breadcrumbs_and_the_loaders_variables) {
  shell.says("ls -A", "rollback-altboot-breadcrumb\nroot-overlay\n");
  shell.says("grubenv", "# GRUB Environment Block\nbootcount=1\nupgrade_available=1\n####");
  const auto state = run(os->update_state(shell, 1s));
  ASSERT_TRUE(state.has_value()) << state.error().describe();
  EXPECT_THAT(state->files, ElementsAre("rollback-altboot-breadcrumb"));
  EXPECT_EQ(state->variables.at("bootcount"), "1");
}

TEST_F(BalenaOsTest, only_the_timings_that_are_given_are_shortened) {
  RollbackTimings timings;
  timings.count = 3;
  timings.interval = 2;
  EXPECT_TRUE(run(os->shorten_rollback(shell, timings, 1s)).has_value());
  EXPECT_EQ(shell.inputs[0], "COUNT=3\nTIMEOUT=2\n");
}

}  // namespace
}  // namespace seatrial::dut
