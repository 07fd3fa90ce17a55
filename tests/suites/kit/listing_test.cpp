// SPDX-License-Identifier: Apache-2.0
// What a suite binary says without a bench.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/io/process.hpp"
#include "core/model/case_info.hpp"
#include "tests/suites/kit/scripted_bench.hpp"

namespace seatrial::kit {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

io::Output ask(std::vector<std::string> arguments) {
  auto command = io::cmd(fixture_suite());
  for (auto& argument : arguments) command.arg(std::move(argument));
  command.unset = {"SEATRIAL_BENCH"};
  return io::run_blocking(command, Budget(30s, "the fixture suite")).value();
}

TEST(SuiteBinary, lists_its_cases_as_the_model_reads_them) {
  const auto listed = ask({"--list"});
  EXPECT_EQ(listed.status.code, 0);
  const auto cases = model::cases_from_json(listed.out, "fixture --list");
  ASSERT_TRUE(cases.has_value()) << cases.error().describe();
  EXPECT_THAT(listed.out, HasSubstr("\"schema\": 1"));
  const auto& first = cases->front();
  EXPECT_EQ(first.full_name(), "fixture.passes");
  EXPECT_EQ(first.doc, "It passes.");
  EXPECT_EQ(first.checkpoint, "fresh");
  EXPECT_EQ(first.budget_seconds, 30);
  EXPECT_THAT(first.needs, ElementsAre("power", "shell"));
  EXPECT_THAT(first.images, ElementsAre("{next}"));
  EXPECT_THAT(first.mutants, ElementsAre("slow_boot", "wrong_slug"));
  EXPECT_EQ((*cases)[1].budget_seconds, 60) << "a case overrides the budget of its suite";
  EXPECT_EQ((*cases)[1].checkpoint, "booted") << "the default";
}

TEST(SuiteBinary, without_a_bench_says_who_runs_it) {
  for (const auto& arguments :
       {std::vector<std::string>{}, {"--case", "passes"}, {"--gtest_list"}}) {
    const auto said = ask(arguments);
    EXPECT_EQ(said.status.code, 2);
    EXPECT_THAT(said.err, HasSubstr("seatrial run fixture"));
  }
}

TEST(SuiteBinary, an_unknown_case_gives_the_nearest_names) {
  const auto said = ask({"--case", "pases"});
  EXPECT_EQ(said.status.code, 2);
  EXPECT_THAT(said.err, HasSubstr("did you mean passes?"));
  EXPECT_THAT(ask({"--case", "zzzzzzzzzzzzzzz"}).err, HasSubstr("its cases are: passes, "));
}

}  // namespace
}  // namespace seatrial::kit
