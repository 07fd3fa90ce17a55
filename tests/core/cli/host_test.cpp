// SPDX-License-Identifier: Apache-2.0
// The command line's side of a bench host: started, followed, cancelled, left holding. The bench
// host here is a shell script that speaks the control protocol and writes events.
#include "core/cli/run/host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <poll.h>
#include <csignal>

#include "core/cli/run/event_tail.hpp"
#include "core/io/file.hpp"

namespace seatrial::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Notes what it is shown.
class NotingDisplay final : public Display {
 public:
  void busy(const Busy&) override {}
  void say(const std::string& line) override { lines.push_back(line); }
  void event(const Scene&, const model::Event& event,
             const std::optional<FinishedCase>& finished) override {
    kinds.push_back(event.kind);
    if (finished) lines.push_back(finished->name);
    if (on_event) on_event(event);
  }
  void tick(const Scene&, double) override {}
  void end() override {}
  std::vector<std::string> kinds, lines;
  std::function<void(const model::Event&)> on_event;
};

constexpr const char* kScript = R"(#!/bin/bash
plan=$2; control=$4; run=$(dirname "$plan")
event() { printf '{"v":1,"seq":1,"mono":%s,"wall":"","run":"r","attempt":1,"case":"%s","kind":"%s","data":%s}\n' \
  "$1" "$2" "$3" "$4" >> "$run/events.jsonl"; }
)";

class BenchHost : public testing::Test {
 protected:
  void SetUp() override {
    auto made = io::TempDir::make("seatrial-host");
    ASSERT_TRUE(made);
    folder_.emplace(std::move(*made));
    plan_.run = "r";
    plan_.out = (folder_->path() / "run").string();
    plan_.device = plan_.profile = "none";
    ASSERT_TRUE(write_plan(plan_));
    scene_.emplace(std::vector<model::SuiteInfo>{}, 1, Durations::load(folder_->path(), "x"));
  }
  HostEnd run(const std::string& script) {
    const auto program = folder_->path() / "bench";
    EXPECT_TRUE(io::write_file_atomic(program, kScript + script));
    ::chmod(program.c_str(), 0755);
    auto end = run_bench_host(program, plan_, *scene_, display_);
    EXPECT_TRUE(end) << end.error().describe();
    return end ? *end : HostEnd{};
  }
  std::string file(const std::string& name) const {
    return io::read_file(std::filesystem::path(plan_.out) / name).value_or("");
  }

  std::optional<io::TempDir> folder_;
  model::RunPlan plan_;
  std::optional<Scene> scene_;
  NotingDisplay display_;
};

TEST_F(BenchHost, is_followed_to_its_end) {
  const auto end = run(R"(
event 0 "" run_started '{}'
event 1 smoke.a case_started '{}'
event 2 smoke.a case_finished '{"verdict":"pass","seconds":1}'
echo trouble >&2
event 3 "" run_finished '{}'
)");
  EXPECT_FALSE(end.interrupted || end.held || end.signalled);
  EXPECT_THAT(display_.kinds,
              ElementsAre("run_started", "case_started", "case_finished", "run_finished"));
  EXPECT_THAT(file("bench.log"), HasSubstr("trouble"));
  EXPECT_NE(file("plan.json"), "");
}

TEST_F(BenchHost, that_dies_is_told_from_one_that_ends) {
  EXPECT_THAT(run("exit 3").trouble, HasSubstr("exit code 3"));
  EXPECT_THAT(run("kill -9 $$").trouble, HasSubstr("signal 9"));
}

TEST_F(BenchHost, hears_of_the_first_ctrl_c_as_cancel_and_of_the_second_as_kill) {
  int sent = 0;
  display_.on_event = [&](const model::Event& event) {
    if (event.kind == "case_started" || event.text("heard") == "cancel") {
      ++sent;
      ::kill(::getpid(), SIGINT);
    }
  };
  const auto end = run(R"(
event 1 smoke.a case_started '{}'
read -r line <&$control; event 2 "" note "{\"heard\":\"$line\"}"
read -r line <&$control; event 3 "" note "{\"heard\":\"$line\"}"
echo "$line" > "$run/last"
)");
  EXPECT_TRUE(end.interrupted);
  EXPECT_EQ(sent, 2);
  EXPECT_EQ(file("last"), "kill\n");
  EXPECT_THAT(display_.lines.front(), HasSubstr("safe state"));
}

TEST_F(BenchHost, that_holds_its_device_is_left_alone) {
  const auto end = run(R"(
event 1 "" held '{}'
while read -r line <&$control; do echo "$line" >> "$run/heard"; done
echo "still here" >> "$run/heard"
)");
  EXPECT_TRUE(end.held);
  EXPECT_FALSE(end.interrupted);
  // Our end of the pipe is closed by now; the script saw that and went on.
  for (int i = 0; i < 100 && file("heard").empty(); ++i) ::poll(nullptr, 0, 50);
  EXPECT_EQ(file("heard"), "still here\n");
}

TEST(EventTail, hands_on_whole_lines_and_skips_what_is_no_event) {
  auto folder = io::TempDir::make("seatrial-tail");
  ASSERT_TRUE(folder);
  const auto path = folder->path() / "events.jsonl";
  auto log = io::AppendFile::open(path);
  ASSERT_TRUE(log);
  std::vector<std::string> kinds;
  auto tail = EventTail::open(path, [&](const auto& event) { kinds.push_back(event.kind); });
  ASSERT_TRUE(tail);
  ASSERT_TRUE(
      log->append("{\"v\":1,\"seq\":1,\"mono\":0,\"wall\":\"\",\"run\":\"r\",\"kind\":\"a\","
                  "\"data\":{}}\nnot an event\n{\"v\":1,\"seq\":2,"));
  ASSERT_TRUE(tail->drain());
  EXPECT_THAT(kinds, ElementsAre("a"));
  ASSERT_TRUE(log->append("\"mono\":0,\"wall\":\"\",\"run\":\"r\",\"kind\":\"b\",\"data\":{}}\n"));
  ASSERT_TRUE(tail->drain());
  EXPECT_THAT(kinds, ElementsAre("a", "b"));
  EXPECT_FALSE(EventTail::open(folder->path() / "missing", [](const auto&) {}));
}

}  // namespace
}  // namespace seatrial::cli
