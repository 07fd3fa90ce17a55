// SPDX-License-Identifier: Apache-2.0
#include "core/cli/suites.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <set>

#include "core/cli/verb.hpp"
#include "core/io/file.hpp"

namespace seatrial::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

model::SuiteInfo suite(const std::string& name, const std::vector<std::string>& cases) {
  model::SuiteInfo out{name, "/nowhere/" + name, "digest", {}};
  for (const auto& one : cases) {
    model::CaseInfo info;
    info.suite = name;
    info.name = one;
    out.cases.push_back(info);
  }
  return out;
}

std::vector<model::SuiteInfo> two() {
  return {suite("smoke", {"boots", "logs_in"}), suite("update", {"is_kept", "rolls_back"})};
}

TEST(Choose, nothing_named_means_everything) { EXPECT_EQ(count_cases(*choose(two(), {})), 4u); }

TEST(Choose, by_suite_case_and_glob) {
  EXPECT_THAT(case_names(*choose(two(), {"smoke"})), ElementsAre("smoke.boots", "smoke.logs_in"));
  EXPECT_THAT(case_names(*choose(two(), {"update.rolls_back"})), ElementsAre("update.rolls_back"));
  EXPECT_THAT(case_names(*choose(two(), {"*.*_*"})),
              ElementsAre("smoke.logs_in", "update.is_kept", "update.rolls_back"));
  EXPECT_THAT(case_names(*choose(two(), {"update.is_kept", "smo*"})),
              ElementsAre("smoke.boots", "smoke.logs_in", "update.is_kept"));
}

TEST(Choose, a_name_that_names_nothing_is_refused_with_the_nearest) {
  const auto wrong = choose(two(), {"smoke", "update.roll_back"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(exit_code_of(wrong.error()), 2);
  EXPECT_THAT(wrong.error().what(), HasSubstr("update.roll_back"));
  EXPECT_THAT(wrong.error().advice(), HasSubstr("update.rolls_back"));
  EXPECT_THAT(choose(two(), {"somke"}).error().advice(), HasSubstr("smoke"));
  EXPECT_THAT(choose(two(), {"qqqqqq"}).error().advice(), HasSubstr("the suites are smoke"));
}

TEST(Arrange, shards_part_the_cases_without_loss_or_overlap) {
  std::multiset<std::string> seen;
  for (const char* shard : {"1/3", "2/3", "3/3"})
    for (const auto& name : case_names(*arrange(two(), {.shard = shard}))) seen.insert(name);
  EXPECT_THAT(seen,
              ElementsAre("smoke.boots", "smoke.logs_in", "update.is_kept", "update.rolls_back"));
}

TEST(Arrange, a_shard_that_is_none_is_refused) {
  for (const char* wrong : {"0/3", "4/3", "x", "1/", "/2", "1/2/3", "5/5"})
    EXPECT_FALSE(arrange(two(), {.shard = wrong})) << wrong;
}

TEST(Arrange, from_leaves_out_what_comes_before) {
  EXPECT_THAT(case_names(*arrange(two(), {.from = "update.rolls_back"})),
              ElementsAre("update.rolls_back"));
  EXPECT_THAT(case_names(*arrange(two(), {.from = "smoke.l*"})),
              ElementsAre("smoke.logs_in", "update.is_kept", "update.rolls_back"));
  EXPECT_FALSE(arrange(two(), {.from = "nothing"}));
}

TEST(Arrange, a_seed_gives_one_order) {
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) names.push_back("case_" + std::to_string(i));
  const std::vector<model::SuiteInfo> many{suite("big", names)};
  const auto once = case_names(*arrange(many, {.shuffle = true, .seed = 7}));
  EXPECT_EQ(once, case_names(*arrange(many, {.shuffle = true, .seed = 7})));
  EXPECT_NE(once, case_names(*arrange(many, {.shuffle = true, .seed = 8})));
  EXPECT_EQ(std::set<std::string>(once.begin(), once.end()).size(), 20u);
}

class LoadSuites : public testing::Test {
 protected:
  void SetUp() override {
    auto made = io::TempDir::make("seatrial-suites");
    ASSERT_TRUE(made);
    folder_.emplace(std::move(*made));
    ASSERT_TRUE(io::make_dirs(folder_->path() / "suites"));
    ::setenv("SEATRIAL_SUITES", (folder_->path() / "suites").c_str(), 1);
  }
  void TearDown() override { ::unsetenv("SEATRIAL_SUITES"); }

  /// A suite binary that says this when it is asked, and notes that it was.
  void write(const std::string& name, const std::string& script) {
    const auto path = folder_->path() / "suites" / name;
    ASSERT_TRUE(io::write_file_atomic(
        path, "#!/bin/sh\necho asked >> '" + asked().string() + "'\n" + script));
    ::chmod(path.c_str(), 0755);
  }
  std::filesystem::path asked() const { return folder_->path() / "asked"; }
  std::size_t times_asked() const {
    const auto text = io::read_file(asked());
    return text ? static_cast<std::size_t>(std::count(text->begin(), text->end(), '\n')) : 0;
  }
  auto load() { return load_suites(Installation::find(), folder_->path() / "cache"); }

  std::optional<io::TempDir> folder_;
};

TEST_F(LoadSuites, asks_each_binary_once_and_again_when_it_changed) {
  write("one", R"(echo '[{"suite":"one","case":"a","doc":"proves a","budget_seconds":9}]')");
  auto suites = load();
  ASSERT_TRUE(suites) << suites.error().describe();
  EXPECT_THAT(case_names(*suites), ElementsAre("one.a"));
  EXPECT_EQ(suites->front().digest.size(), 64u);
  EXPECT_EQ(load()->front().digest, suites->front().digest);
  EXPECT_EQ(times_asked(), 1u);
  write("one", R"(echo '[{"suite":"one","case":"b"}]')");
  EXPECT_THAT(case_names(*load()), ElementsAre("one.b"));
  EXPECT_EQ(times_asked(), 2u);
}

TEST_F(LoadSuites, a_binary_that_cannot_be_asked_is_named) {
  write("broken", "echo 'not json'");
  EXPECT_THAT(load().error().describe(), HasSubstr("broken"));
  write("broken", "exit 7");
  EXPECT_THAT(load().error().describe(), HasSubstr("broken"));
}

TEST_F(LoadSuites, an_empty_folder_is_an_incomplete_installation) {
  EXPECT_EQ(load().error().code(), "installation.incomplete");
}

}  // namespace
}  // namespace seatrial::cli
