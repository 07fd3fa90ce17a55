// SPDX-License-Identifier: Apache-2.0
#include "core/model/case_info.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace seatrial::model {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

CaseInfo some_case() {
  CaseInfo info;
  info.suite = "s";
  info.name = "c";
  info.needs = {"power"};
  info.images = {"{next}+init_broken"};
  info.budget_seconds = 7;
  return info;
}

TEST(Cases, are_read_as_they_are_written) {
  const auto written = to_json(std::vector{some_case()});
  EXPECT_EQ(written["schema"], 1);
  const auto read = cases_from_json(written.dump(), "a suite");
  ASSERT_TRUE(read) << read.error().describe();
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().full_name(), "s.c");
  EXPECT_EQ(read->front().budget_seconds, 7);
  EXPECT_THAT(read->front().needs, ElementsAre("power"));
}

TEST(Cases, of_an_older_suite_are_a_bare_list) {
  const auto read = cases_from_json("\n " + json::array({to_json(some_case())}).dump(), "a suite");
  ASSERT_TRUE(read) << read.error().describe();
  EXPECT_EQ(read->size(), 1u);
}

TEST(Cases, of_a_newer_suite_may_say_more) {
  auto written = to_json(std::vector{some_case()});
  written["kit"] = "9.9";
  written["cases"][0]["owner"] = "the boot team";
  const auto read = cases_from_json(written.dump(), "a suite");
  EXPECT_TRUE(read) << read.error().describe();
}

TEST(Cases, of_a_newer_schema_are_refused) {
  const auto read = cases_from_json(R"({"schema": 2, "cases": {"other": "form"}})", "a suite");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), "input.newer_schema");
}

TEST(Cases, that_lack_their_name_are_refused) {
  const auto read = cases_from_json(R"({"schema": 1, "cases": [{"suite": "s"}]})", "a suite");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().what(), HasSubstr("cases[0].case: is missing"));
  EXPECT_FALSE(cases_from_json("", "a suite"));
}

TEST(Cases, declare_images_by_role) {
  EXPECT_EQ(role_of("{next}+init_broken"), "next+init_broken");
}

}  // namespace
}  // namespace seatrial::model
