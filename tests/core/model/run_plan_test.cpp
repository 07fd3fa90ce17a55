// SPDX-License-Identifier: Apache-2.0
#include "core/model/run_plan.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace seatrial::model {
namespace {
using nlohmann::json;

RunPlan some_plan() {
  RunPlan plan;
  plan.run = "r-1";
  plan.out = "/out";
  plan.device = "device.json";
  plan.profile = "profile.json";
  plan.image = {"refos", "1.0.0", "/image", "sha256:0"};
  return plan;
}

Result<RunPlan> read(const json& document) {
  const std::string path = testing::TempDir() + "run_plan_test.json";
  std::ofstream(path) << document;
  auto plan = run_plan_from_file(path);
  std::filesystem::remove(path);
  return plan;
}

TEST(RunPlan, carries_the_epoch_of_its_lease) {
  auto plan = some_plan();
  plan.epoch = std::int64_t{1} << 40;
  const auto back = read(to_json(plan));
  ASSERT_TRUE(back) << back.error().describe();
  EXPECT_EQ(back->epoch, plan.epoch);
}

TEST(RunPlan, of_an_older_writer_has_no_lease) {
  auto document = to_json(some_plan());
  document.erase("epoch");
  const auto back = read(document);
  ASSERT_TRUE(back) << back.error().describe();
  EXPECT_EQ(back->epoch, 0);
}

TEST(RunPlan, with_an_epoch_that_is_no_number_is_refused_by_its_name) {
  auto document = to_json(some_plan());
  document["epoch"] = "new";
  const auto back = read(document);
  ASSERT_FALSE(back);
  EXPECT_NE(back.error().what().find("epoch"), std::string::npos) << back.error().describe();
}

TEST(RunPlan, of_a_newer_writer_may_say_more_anywhere) {
  auto plan = some_plan();
  plan.files["next"] = {"bundle", "1.1.0", "/bundle", "sha256:1"};
  CaseInfo info;
  info.suite = "s";
  info.name = "c";
  plan.suites = {{"s", "/s", "sha256:2", {info}}};
  auto document = to_json(plan);
  EXPECT_EQ(document["schema"], 1);
  document["priority"] = 5;
  document["image"]["signature"] = "x";
  document["files"][0]["lease"] = "x";
  document["files"][0]["file"]["signature"] = "x";
  document["suites"][0]["owner"] = "x";
  document["suites"][0]["cases"][0]["owner"] = "x";
  const auto back = read(document);
  ASSERT_TRUE(back) << back.error().describe();
  EXPECT_EQ(back->files.at("next").version, "1.1.0");
  EXPECT_EQ(back->suites[0].cases[0].full_name(), "s.c");
}

TEST(RunPlan, of_a_newer_schema_is_refused) {
  auto document = to_json(some_plan());
  document["schema"] = 2;
  const auto back = read(document);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code(), "input.newer_schema");
  EXPECT_NE(back.error().what().find("schema 2 is newer"), std::string::npos);
}

}  // namespace
}  // namespace seatrial::model
