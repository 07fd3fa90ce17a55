// SPDX-License-Identifier: Apache-2.0
// seatrial repro: a case of an earlier run, with what it ran with then.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/model/run_plan.hpp"
#include "tests/e2e/tiny_os.hpp"

namespace seatrial::e2e {
namespace {
using testing::HasSubstr;

class Repro : public TinyRuns {
 protected:
  /// In the folder of this test, where ./runs is its own.
  io::Output repro(std::vector<std::string> words) {
    words.insert(words.begin(), "repro");
    auto wanted = command(std::move(words));
    wanted.cwd = folder_->path();
    return finish(std::move(wanted));
  }
  model::RunPlan again() const {
    return model::run_plan_from_file((folder_->path() / "again/plan.json").string()).value();
  }
};

TEST_F(Repro, runs_the_case_with_what_it_ran_with) {
  auto first = run_command({"passes", "boots"});
  first.args.insert(first.args.end(), {"--budget-scale", "3", "--shuffle", "1", "--repeat", "2"});
  ASSERT_EQ(finish(std::move(first)).status.code, 0);
  const auto said = repro({out().string(), "scripted.passes", "--out", "again", "--json"});
  EXPECT_EQ(said.status.code, 0) << said.err;
  EXPECT_THAT(said.err, HasSubstr("seatrial run scripted.passes --image " + image_.string() +
                                  " --budget-scale 3"));
  const auto before = model::run_plan_from_file((out() / "plan.json").string()).value();
  EXPECT_EQ(again().image.digest, before.image.digest);
  EXPECT_EQ(again().budget_scale, 3);
  EXPECT_EQ(again().repeat, 1);
  ASSERT_EQ(again().suites.size(), 1u);
  ASSERT_EQ(again().suites[0].cases.size(), 1u);
  EXPECT_EQ(again().suites[0].cases[0].name, "passes");
}

TEST_F(Repro, refuses_an_image_that_is_another_one_now) {
  ASSERT_EQ(finish(run_command({"passes"})).status.code, 0);
  const auto plan = out() / "plan.json";
  auto text = io::read_file(plan).value();
  const auto digest = nlohmann::json::parse(text)["image"]["digest"].get<std::string>();
  text.replace(text.find(digest), 4, digest.substr(0, 4) == "0000" ? "1111" : "0000");
  ASSERT_TRUE(io::write_file_atomic(plan, text).has_value());
  const auto said = repro({out().string(), "scripted.passes", "--out", "again"});
  EXPECT_NE(said.status.code, 0);
  EXPECT_THAT(said.err, HasSubstr("is not what it was in that run"));
  EXPECT_FALSE(fs::exists(folder_->path() / "again"));
}

TEST_F(Repro, says_which_cases_there_are) {
  ASSERT_EQ(finish(run_command({"passes"})).status.code, 0);
  const auto unknown = repro({out().string(), "scripted.passed"});
  EXPECT_EQ(unknown.status.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean scripted.passes?"));
  EXPECT_THAT(repro({"scripted.passes"}).err, HasSubstr("there is no run in ./runs"));
  fs::create_directory(folder_->path() / "runs");
  fs::create_directory_symlink(out(), folder_->path() / "runs/latest");
  EXPECT_THAT(repro({}).err, HasSubstr("every case of that run is green"));
}

}  // namespace
}  // namespace seatrial::e2e
