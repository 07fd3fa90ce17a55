// SPDX-License-Identifier: Apache-2.0
// The suites of the product, asked as a bench asks them: their cases, and that every case has a
// mutant that exists and is made for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/io/process.hpp"
#include "core/model/case_info.hpp"
#include "core/model/verbs.hpp"

namespace seatrial {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;
using testing::AnyOf;
using testing::Contains;

const fs::path kMutants = SEATRIAL_SOURCE_DIR "/fixtures/refos/mutants";

/// Full name of the case that a mutant is made for.
std::string case_of_mutant(const std::string& name) {
  std::ifstream file(kMutants / name / "mutant.json");
  const auto data = json::parse(file, nullptr, false, true);
  return data.is_object() ? data.value("case", "") : "";
}

std::vector<model::CaseInfo> all_cases() {
  std::vector<model::CaseInfo> all;
  for (const char* suite : {"smoke", "provisioning", "update", "logging", "network"}) {
    const auto program = std::string(SEATRIAL_BINARY_DIR "/bin/suites/") + suite;
    const auto output =
        io::run_blocking(io::cmd(program).arg("--list"), Budget(20s, "the list of a suite"));
    auto cases = model::cases_from_json(output.value().out, program);
    EXPECT_TRUE(cases.has_value()) << cases.error().describe();
    for (auto& info : *cases) {
      EXPECT_EQ(info.suite, suite);
      all.push_back(std::move(info));
    }
  }
  return all;
}

TEST(Suites, say_what_each_case_proves_and_where_it_starts) {
  const auto known = model::capabilities();
  const std::set<std::string> of_the_os{"ab_slots", "config_json"};  // no verb needs them
  for (const auto& info : all_cases()) {
    SCOPED_TRACE(info.full_name());
    EXPECT_GT(info.doc.size(), 20u);
    EXPECT_THAT(info.checkpoint, AnyOf("fresh", "booted", "provisioned"));
    EXPECT_GT(info.budget_seconds, 0);
    for (const auto& need : info.needs)
      EXPECT_TRUE(of_the_os.count(need) || std::count(known.begin(), known.end(), need)) << need;
  }
}

TEST(Suites, every_case_has_a_mutant_that_is_made_for_it) {
  for (const auto& info : all_cases()) {
    SCOPED_TRACE(info.full_name());
    EXPECT_FALSE(info.mutants.empty()) << "a case that no mutant turns red is not a test";
    for (const auto& mutant : info.mutants)
      EXPECT_EQ(case_of_mutant(mutant), info.full_name()) << "mutant " << mutant;
  }
}

TEST(Suites, every_mutant_of_the_reference_os_is_claimed_by_its_case) {
  std::map<std::string, std::set<std::string>> claimed;
  for (const auto& info : all_cases())
    claimed[info.full_name()].insert(info.mutants.begin(), info.mutants.end());
  for (const auto& entry : fs::directory_iterator(kMutants)) {
    const auto name = entry.path().filename().string();
    if (!entry.is_directory()) continue;
    EXPECT_TRUE(claimed[case_of_mutant(name)].count(name))
        << "no case names the mutant " << name << " of " << case_of_mutant(name);
  }
}

}  // namespace
}  // namespace seatrial
