// SPDX-License-Identifier: Apache-2.0
#include "core/cli/run/scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/cli/run/display.hpp"
#include "core/io/file.hpp"

namespace seatrial::cli {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

model::Event event(double mono, const std::string& kind, json data, const std::string& name = "",
                   int attempt = 1) {
  model::Event out;
  out.mono = mono;
  out.kind = kind;
  out.case_name = name;
  out.attempt = attempt;
  out.data = std::make_shared<const json>(std::move(data));
  return out;
}

std::vector<model::SuiteInfo> suites() {
  model::CaseInfo boots, logs;
  boots.suite = logs.suite = "smoke";
  boots.name = "boots";
  boots.budget_seconds = 100;
  logs.name = "logs_in";
  logs.budget_seconds = 50;
  return {{"smoke", "", "", {boots, logs}}};
}

json failed() {
  return {{"verdict", "fail"},
          {"seconds", 31.5},
          {"failure",
           {{"code", "boot.late"},
            {"blame", "product"},
            {"what", "no login prompt"},
            {"advice", "look at the console"},
            {"context", json::array()}}}};
}

class SceneOfARun : public testing::Test {
 protected:
  void SetUp() override {
    auto made = io::TempDir::make("seatrial-scene");
    ASSERT_TRUE(made);
    folder_.emplace(std::move(*made));
    scene_.emplace(suites(), 1, Durations::load(folder_->path(), "qemu-amd64"));
  }
  std::optional<io::TempDir> folder_;
  std::optional<Scene> scene_;
};

TEST_F(SceneOfARun, follows_case_step_and_totals) {
  auto& scene = *scene_;
  EXPECT_EQ(scene.total(), 2u);
  scene.apply(event(1, "run_started", {{"budget_scale", 2.0}}));
  scene.apply(event(2, "case_started", {{"budget_seconds", 200}}, "smoke.boots"));
  ASSERT_TRUE(scene.running());
  EXPECT_EQ(scene.running()->budget, 200);
  scene.apply(event(3, "step_started", {{"step", 1}, {"text", "power on"}}));
  scene.apply(event(4, "step_started", {{"step", 2}, {"text", "wait"}, {"budget_seconds", 9}}));
  EXPECT_EQ(scene.step()->text, "power on");
  EXPECT_EQ(scene.inner_step()->text, "wait");
  scene.apply(event(5, "step_finished", {{"step", 2}, {"ok", true}}));
  EXPECT_EQ(scene.inner_step()->text, "power on");
  const auto done = scene.apply(event(33, "case_finished", failed(), "smoke.boots"));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->verdict, model::Verdict::fail);
  EXPECT_EQ(done->why, "no login prompt");
  EXPECT_EQ(scene.done(), 1u);
  EXPECT_FALSE(scene.running());
  EXPECT_EQ(scene.inner_step(), nullptr);
}

TEST_F(SceneOfARun, takes_the_budget_of_a_case_as_the_bench_scaled_it) {
  scene_->apply(event(1, "run_started", {{"budget_scale", 2.0}}));
  // By the time that a case begins, the host may be slower still.
  scene_->apply(
      event(2, "case_started", {{"budget_seconds", 300}, {"budget_scale", 3.0}}, "smoke.boots"));
  EXPECT_EQ(scene_->running()->budget, 300);
  EXPECT_EQ(scene_->budget_scale(), 3);
  scene_->apply(event(3, "case_finished", failed(), "smoke.boots"));
  scene_->apply(event(4, "case_started", json::object(), "smoke.logs_in"));
  EXPECT_EQ(scene_->running()->budget, 150) << "the plan's budget, scaled here";
}

TEST_F(SceneOfARun, estimates_the_rest_from_budgets_then_from_experience) {
  EXPECT_DOUBLE_EQ(scene_->seconds_left(0), 30);  // a fifth of 150
  auto durations = Durations::load(folder_->path(), "qemu-amd64");
  durations.learn("smoke.boots", 12);
  durations.save();
  const auto again = Durations::load(folder_->path(), "qemu-amd64");
  Scene wiser(suites(), 2, again);
  EXPECT_DOUBLE_EQ(wiser.seconds_left(0), 2 * (12 + 10));
  EXPECT_DOUBLE_EQ(Durations::load(folder_->path(), "other").expected(suites()[0].cases[0]), 20);
}

TEST_F(SceneOfARun, a_case_that_takes_longer_than_thought_does_not_make_time_run_backwards) {
  scene_->apply(event(0, "case_started", {{"budget_seconds", 100}}, "smoke.boots"));
  EXPECT_DOUBLE_EQ(scene_->seconds_left(5), 25);
  EXPECT_DOUBLE_EQ(scene_->seconds_left(500), 10);
}

TEST_F(SceneOfARun, plain_lines_tell_start_end_and_why) {
  std::string seen;
  const auto display = plain_display([&](std::string_view text) { seen += text; });
  const auto show = [&](const model::Event& one) {
    const auto finished = scene_->apply(one);
    display->event(*scene_, one, finished);
  };
  show(event(2, "case_started", {{"budget_seconds", 100}, {"checkpoint", "fresh"}}, "smoke.boots"));
  show(event(33, "case_finished", failed(), "smoke.boots"));
  EXPECT_THAT(seen, HasSubstr("start   smoke.boots (from fresh, at most 1 min 40 s)"));
  EXPECT_THAT(seen, HasSubstr("FAIL    smoke.boots  31.5 s  [1/2]"));
  EXPECT_THAT(seen, HasSubstr("no login prompt"));
  EXPECT_THAT(seen, HasSubstr("look at the console"));
  EXPECT_THAT(seen, Not(HasSubstr("\033")));
}

TEST_F(SceneOfARun, plain_lines_give_a_sign_of_life_every_half_minute) {
  std::string seen;
  const auto display = plain_display([&](std::string_view text) { seen += text; });
  scene_->apply(event(0, "case_started", {{"budget_seconds", 100}}, "smoke.boots"));
  scene_->apply(event(1, "step_started", {{"step", 1}, {"text", "wait for login"}}));
  for (double now = 1; now <= 65; now += 1) display->tick(*scene_, now);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), '\n'), 2);
  EXPECT_THAT(seen, HasSubstr("still   smoke.boots: wait for login for"));
}

TEST_F(SceneOfARun, the_live_area_is_redrawn_in_place_and_removed_at_the_end) {
  std::string seen;
  const auto display = live_display(Terminal::none(), [&](std::string_view text) { seen += text; });
  scene_->apply(event(0, "case_started", {{"budget_seconds", 100}}, "smoke.boots"));
  scene_->apply(event(1, "step_started",
                      {{"step", 1}, {"text", std::string(300, 'x')}, {"budget_seconds", 60}}));
  display->tick(*scene_, 50);
  EXPECT_THAT(seen, HasSubstr("smoke.boots  [############............] 50 s of 1 min 40 s"));
  EXPECT_THAT(seen, HasSubstr("0 of 2 cases done"));
  EXPECT_THAT(seen, Not(HasSubstr(std::string(80, 'x')))) << "a line was not cut to the width";
  seen.clear();
  display->tick(*scene_, 51);
  EXPECT_EQ(seen.rfind("\033[3A\r\033[J", 0), 0u) << "the area goes up over its own three lines";
  seen.clear();
  display->end();
  EXPECT_THAT(seen, EndsWith("\033[3A\r\033[J"));
}

TEST(Bar, is_as_long_as_asked_whatever_the_fraction) {
  EXPECT_EQ(bar(0, 4), "[....]");
  EXPECT_EQ(bar(0.5, 4), "[##..]");
  EXPECT_EQ(bar(7, 4), "[####]");
  EXPECT_EQ(bar(-1, 4), "[....]");
}

}  // namespace
}  // namespace seatrial::cli
