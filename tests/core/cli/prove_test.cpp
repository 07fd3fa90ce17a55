// SPDX-License-Identifier: Apache-2.0
#include "core/cli/prove.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/file.hpp"

namespace seatrial::cli {
namespace {

using model::Verdict;
using testing::AllOf;
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
  out.expect = {"fail", "expect", "wrong", ""};
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
  stated.expect.code = "boot.late";
  EXPECT_EQ(proof_of(stated, record({{"boots", Verdict::fail}})).exit_code(), 1);
  EXPECT_EQ(proof_of(stated, record({{"boots", Verdict::fail}}, "boot.late")).exit_code(), 0);
  stated.expect = {"fail", "x", "login (prompt|shell)", ""};
  EXPECT_EQ(proof_of(stated, record({{"boots", Verdict::fail}}, "x", "panic")).exit_code(), 1);
  EXPECT_EQ(
      proof_of(stated, record({{"boots", Verdict::fail}}, "x", "no login prompt")).exit_code(), 0);
  stated.expect.why = "look";
  EXPECT_EQ(proof_of(stated, record({{"boots", Verdict::fail}}, "x", "panic")).exit_code(), 1)
      << "advice is no reason";
}

/// Red by the second of two expectations, each after a step of its own; a third one held.
reports::RunRecord red_by_an_expectation() {
  auto out = record({{"boots", Verdict::fail}}, "expectation.failed", "first is wrong");
  auto& attempt = out.cases[0].attempts[0];
  for (const auto* name : {"shell.run", "disk.search"}) {
    reports::Step step;
    step.name = name;
    step.at = attempt.steps.empty() ? 1 : 3;
    step.ok = step.finished = true;
    attempt.steps.push_back(step);
  }
  attempt.assertions = {{false, "Value of:\n  first", "a.cpp", 1, 2},
                        {false, "Value of:\n  second\n  is gone", "a.cpp", 2, 4},
                        {true, "third", "a.cpp", 3, 5}};
  return out;
}

TEST(Prove, the_reason_is_a_failed_expectation_and_the_step_before_it) {
  auto stated = mutant("no_boots", "boots");
  const auto exit_with = [&](const char* why, const char* step) {
    stated.expect = {"fail", "expectation.failed", why, step};
    return proof_of(stated, red_by_an_expectation()).exit_code();
  };
  EXPECT_EQ(exit_with("second is gone", ""), 0);
  EXPECT_EQ(exit_with("second is gone", "disk.search"), 0);
  EXPECT_EQ(exit_with("second is gone", "shell.run"), 1);
  EXPECT_EQ(exit_with("Value of: first", "shell.run"), 0);
  EXPECT_EQ(exit_with("third", ""), 1) << "that one held";
  EXPECT_EQ(exit_with("Value of: first", "disk.search"), 1);
}

TEST(Prove, the_step_of_a_failure_is_the_one_that_failed_else_the_last) {
  auto bad = record({{"boots", Verdict::fail}}, "console.not_seen", "no prompt");
  for (const auto* name : {"console.expect", "bench.info"}) {
    reports::Step step;
    step.name = name;
    step.at = 1;
    step.finished = true;
    step.ok = std::string(name) == "bench.info";
    bad.cases[0].attempts[0].steps.push_back(step);
  }
  auto stated = mutant("no_boots", "boots");
  stated.expect = {"fail", "console.not_seen", "no prompt", "console.expect"};
  EXPECT_EQ(proof_of(stated, bad).exit_code(), 0);
  stated.expect.step = "bench.info";
  const auto proof = proof_of(stated, bad);
  EXPECT_EQ(proof.exit_code(), 1);
  EXPECT_THAT(proof.rows[0].why, HasSubstr("in console.expect instead of bench.info"));
  bad.cases[0].attempts[0].steps[0].ok = true;
  EXPECT_EQ(proof_of(stated, bad).exit_code(), 0);
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

class Mutants : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(io::make_dirs(folder_.path() / "mutants" / name));
    ASSERT_TRUE(io::write_file_atomic(folder_.path() / "mutants" / name / "mutant.json", text));
  }
  Result<std::vector<Mutant>> load() { return load_mutants({smoke()}, folder_.path()); }
  /// What the loader says of a mutant with this expectation.
  std::string complaint(const std::string& expect) {
    write("no_boots", R"({"description": "never boots", "case": "smoke.slug")" + expect + "}");
    const auto loaded = load();
    return loaded ? "" : loaded.error().what();
  }
  io::TempDir folder_ = io::TempDir::make("seatrial-mutants").value();
};

constexpr const char* kExpect =
    R"(, "expect": {"verdict": "fail", "code": "boot.late", "why": "too late", "step": "shell.wait"})";

TEST_F(Mutants, are_named_by_cases_and_described_by_their_own_file) {
  write("no_boots", std::string(R"({"description": "never boots", "case": "smoke.slug",
                                    "whiteouts": ["x"])") +
                        kExpect + "}");
  write("no_slug", std::string(R"({"description": "no slug")") + kExpect + "}");
  write("of_nothing",
        std::string(R"({"description": "to come", "case": "smoke.later")") + kExpect + "}");
  const auto mutants = load();
  ASSERT_TRUE(mutants) << mutants.error().describe();
  ASSERT_EQ(mutants->size(), 2u);
  const auto& one = mutants->front();
  EXPECT_THAT(one.cases, ElementsAre("smoke.slug", "smoke.boots"));
  EXPECT_EQ(one.description, "never boots");
  EXPECT_THAT(one.applies_to, ElementsAre("image"));
  EXPECT_EQ(one.expect.verdict + one.expect.code + one.expect.why + one.expect.step,
            "failboot.latetoo lateshell.wait");
  write("no_boots", "{");
  EXPECT_THAT(load().error().what(), HasSubstr("no_boots"));
}

TEST_F(Mutants, without_a_stated_failure_are_refused_with_file_and_key) {
  write("no_slug", std::string(R"({"description": "no slug")") + kExpect + "}");
  EXPECT_EQ(complaint(kExpect), "");
  EXPECT_THAT(complaint(""), AllOf(HasSubstr("no_boots/mutant.json"), HasSubstr("expect")));
  for (const auto& [key, expect] : std::map<std::string, std::string>{
           {"expect.verdict", R"({"code": "x", "why": "y"})"},
           {"expect.code", R"({"verdict": "fail", "why": "y"})"},
           {"expect.why", R"({"verdict": "fail", "code": "x"})"},
           {"expect.reason", R"({"verdict": "fail", "code": "x", "why": "y", "reason": "z"})"}})
    EXPECT_THAT(complaint(", \"expect\": " + expect),
                AllOf(HasSubstr("no_boots/mutant.json"), HasSubstr(key)));
  EXPECT_THAT(complaint(R"(, "expect": {"verdict": "pass", "code": "x", "why": "y"})"),
              HasSubstr("expect.verdict: must be fail"));
  EXPECT_THAT(complaint(R"(, "expect": {"verdict": "fail", "code": "x", "why": "("})"),
              HasSubstr("expect.why: is no regular expression"));
  EXPECT_THAT(complaint(R"(, "expect": {"verdict": "fail", "code": "x", "why": ".*"})"),
              HasSubstr("expect.why: matches every failure"));
}

TEST_F(Mutants, that_a_case_names_must_exist) {
  write("no_boots", std::string(R"({"description": "never boots")") + kExpect + "}");
  const auto mutants = load();
  ASSERT_FALSE(mutants);
  EXPECT_THAT(mutants.error().what(), HasSubstr("smoke.slug names the mutant no_slug"));
}

}  // namespace
}  // namespace seatrial::cli
