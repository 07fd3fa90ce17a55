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

}  // namespace
}  // namespace seatrial::model
