// SPDX-License-Identifier: Apache-2.0
#include "core/cli/prove.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/file.hpp"

namespace seatrial::cli {
namespace {

using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;

model::SuiteInfo smoke() {
  model::SuiteInfo out{"smoke", "", "", {}};
  for (const char* name : {"boots", "slug"}) {
    model::CaseInfo info;
    info.suite = "smoke";
    info.name = name;
    info.mutants = {std::string("no_") + name};
    out.cases.push_back(info);
  }
  return out;
}

reports::RunRecord record(const std::map<std::string, Verdict>& verdicts,
                          const std::string& code = "expect", const std::string& what = "wrong") {
  reports::RunRecord out;
  for (const auto& [name, verdict] : verdicts) {
    reports::Case one;
    one.suite = "smoke";
    one.name = name;
    one.verdict = verdict;
    one.attempts.emplace_back();
    one.attempts.back().verdict = verdict;
    if (verdict != Verdict::pass)
      one.attempts.back().failure = Failure(code, Blame::product, what, "look");
    out.cases.push_back(one);
  }
  return out;
}

Mutant mutant(const std::string& name, const std::string& of) {
  Mutant out;
  out.name = name;
  out.cases = {"smoke." + of};
  return out;
}

Proof proof_of(const Mutant& one, const reports::RunRecord& bad, bool neighbours = false) {
  const std::vector<model::SuiteInfo> all{smoke()};
  const auto chosen = *choose(all, {"smoke.boots"});
  const auto runs = plan_proof(all, chosen, {one}, neighbours);
  return judge(chosen, runs, record({{"boots", Verdict::pass}, {"slug", Verdict::pass}}),
               {{one.name, bad}});
}

TEST(Prove, green_on_the_good_and_red_on_the_mutant_is_a_proof) {
  const auto proof = proof_of(mutant("no_boots", "boots"), record({{"boots", Verdict::fail}}));
  ASSERT_EQ(proof.rows.size(), 1u);
  EXPECT_TRUE(proof.rows[0].proven);
  EXPECT_EQ(proof.exit_code(), 0);
  EXPECT_THAT(to_text(proof, Terminal::none()), HasSubstr("1 of 1 proven"));
}

TEST(Prove, a_mutant_that_survives_is_told) {
  const auto proof = proof_of(mutant("no_boots", "boots"), record({{"boots", Verdict::pass}}));
  EXPECT_EQ(proof.exit_code(), 1);
  EXPECT_THAT(proof.rows[0].why, HasSubstr("survived"));
}

TEST(Prove, red_for_another_reason_than_stated_proves_nothing) {
  auto stated = mutant("no_boots", "boots");
  stated.code = "boot.late";
  EXPECT_EQ(proof_of(stated, record({{"boots", Verdict::fail}})).exit_code(), 1);
  EXPECT_EQ(proof_of(stated, record({{"boots", Verdict::fail}}, "boot.late")).exit_code(), 0);
  stated.code.clear();
  stated.why = "login (prompt|shell)";
  EXPECT_EQ(proof_of(stated, record({{"boots", Verdict::fail}}, "x", "panic")).exit_code(), 1);
  EXPECT_EQ(
      proof_of(stated, record({{"boots", Verdict::fail}}, "x", "no login prompt")).exit_code(), 0);
}

TEST(Prove, an_error_of_the_bench_is_not_a_verdict_on_the_case) {
  const auto proof = proof_of(mutant("no_boots", "boots"), record({{"boots", Verdict::error}}));
  EXPECT_EQ(proof.exit_code(), 3);
  EXPECT_FALSE(proof.rows[0].proven);
}

TEST(Prove, a_neighbour_must_stay_green) {
  const auto one = mutant("no_boots", "boots");
  const auto good =
      proof_of(one, record({{"boots", Verdict::fail}, {"slug", Verdict::pass}}), true);
  ASSERT_EQ(good.rows.size(), 2u);
  EXPECT_TRUE(good.rows[1].neighbour);
  EXPECT_EQ(good.exit_code(), 0);
  EXPECT_EQ(
      proof_of(one, record({{"boots", Verdict::fail}, {"slug", Verdict::fail}}), true).exit_code(),
      1);
}

TEST(Prove, a_case_without_a_mutant_is_not_a_test) {
  const std::vector<model::SuiteInfo> all{smoke()};
  const auto proof =
      judge(all, {}, record({{"boots", Verdict::pass}, {"slug", Verdict::pass}}), {});
  EXPECT_EQ(proof.rows.size(), 2u);
  EXPECT_EQ(proof.exit_code(), 1);
}

TEST(Prove, a_sample_has_one_case_and_one_mutant_per_suite) {
  std::vector<Mutant> mutants{mutant("no_boots", "boots"), mutant("no_slug", "slug")};
  const auto chosen = sample_of({smoke()}, mutants);
  EXPECT_THAT(case_names(chosen), ElementsAre("smoke.boots"));
  ASSERT_EQ(mutants.size(), 1u);
  EXPECT_EQ(mutants[0].name, "no_boots");
}

TEST(Mutants, are_named_by_cases_and_described_by_their_own_file) {
  auto folder = io::TempDir::make("seatrial-mutants");
  ASSERT_TRUE(folder);
  const auto write = [&](const std::string& name, const std::string& text) {
    ASSERT_TRUE(io::make_dirs(folder->path() / "mutants" / name));
    ASSERT_TRUE(io::write_file_atomic(folder->path() / "mutants" / name / "mutant.json", text));
  };
  write("no_boots", R"({"description": "never boots", "case": "smoke.slug", "whiteouts": ["x"],
                        "expect": {"verdict": "fail", "code": "boot.late"}})");
  write("of_nothing", R"({"description": "for a case to come", "case": "smoke.later"})");
  auto mutants = load_mutants({smoke()}, folder->path());
  ASSERT_TRUE(mutants) << mutants.error().describe();
  ASSERT_EQ(mutants->size(), 2u);
  EXPECT_THAT((*mutants)[0].cases, ElementsAre("smoke.boots", "smoke.slug"));
  EXPECT_EQ((*mutants)[0].code, "boot.late");
  EXPECT_EQ((*mutants)[0].description, "never boots");
  EXPECT_THAT((*mutants)[0].applies_to, ElementsAre("image"));
  write("no_boots", "{");
  EXPECT_THAT(load_mutants({smoke()}, folder->path()).error().what(), HasSubstr("no_boots"));
}

}  // namespace
}  // namespace seatrial::cli
