// SPDX-License-Identifier: Apache-2.0
#include "reports/fold.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reports/run_builder.hpp"

namespace seatrial::reports {
namespace {
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Fold, a_good_run_has_its_cases_steps_and_figures_in_place) {
  RunBuilder build;
  build.start({"smoke.a", "net.b"}).begin("smoke.a").step("press the button", 2);
  build.event(
      "measurement",
      {{"name", "t"}, {"value", 2.5}, {"unit", "s"}, {"limit", {{"at_most", 3}}}, {"ok", true}});
  build.event("boot", {{"number", 1}, {"slot", "A"}, {"seconds_to_login", 9.5}});
  build.end("pass", {{"setup_seconds", 1.5}}).begin("net.b").wait(1).end("pass").finish();
  const auto run = build.record();
  ASSERT_EQ(run.cases.size(), 2u);
  ASSERT_EQ(run.suites.size(), 2u);
  EXPECT_EQ(run.suites[1].name, "net");
  const auto& attempt = run.cases[0].attempts.at(0);
  EXPECT_EQ(attempt.verdict, Verdict::pass);
  EXPECT_EQ(attempt.setup_seconds, 1.5);
  ASSERT_EQ(attempt.steps.size(), 1u);
  EXPECT_EQ(attempt.steps[0].seconds, 2);
  EXPECT_TRUE(attempt.steps[0].ok);
  ASSERT_EQ(attempt.measurements.size(), 1u);
  EXPECT_EQ(attempt.measurements[0].limit_kind, Measurement::Limit::at_most);
  EXPECT_EQ(attempt.boots.at(0).number, "1");
  EXPECT_EQ(run.cases[0].doc, "What it proves.");
  EXPECT_EQ(run.image_name, "refos");
  EXPECT_EQ(run.exit_code(), model::exit_proven);
  EXPECT_THAT(run.warnings, IsEmpty());
}

TEST(Fold, a_killed_run_says_what_was_cut_short_and_what_never_began) {
  RunBuilder build;
  build.start({"s.done", "s.flying", "s.waiting"}).begin("s.done").end("pass").begin("s.flying");
  build.event("step_started", {{"step", 7}, {"name", "x"}, {"text", "reboot the device"}});
  build.wait(3).event("note", {{"text", "still alive"}}).tear(20);
  const auto run = build.record();
  EXPECT_EQ(run.cases[0].verdict, Verdict::pass);
  const auto& flying = run.cases[1].attempts.at(0);
  EXPECT_EQ(flying.verdict, Verdict::error);
  EXPECT_TRUE(flying.cut_short);
  ASSERT_TRUE(flying.failure.has_value());
  EXPECT_EQ(flying.failure->code(), "run.cut_short");
  EXPECT_THAT(flying.failure->what(), HasSubstr("reboot the device"));
  EXPECT_FALSE(flying.steps.at(0).finished);
  EXPECT_EQ(run.cases[2].verdict, Verdict::not_run);
  EXPECT_THAT(run.cases[2].attempts.at(0).reason, HasSubstr("cut short before it began"));
  EXPECT_FALSE(run.finished);
  EXPECT_EQ(run.exit_code(), model::exit_not_proven);
  EXPECT_THAT(run.warnings, testing::Contains(HasSubstr("torn")));
}

TEST(Fold, a_run_whose_end_is_missing_is_not_proven_even_when_all_cases_passed) {
  RunBuilder build;
  build.start({"s.a"}).begin("s.a").end("pass");
  EXPECT_EQ(build.record().exit_code(), model::exit_not_proven);
}

TEST(Fold, attempts_that_differ_are_flaky_and_all_kept) {
  RunBuilder build;
  build.start({"s.a"});
  for (const auto* verdict : {"pass", "fail", "pass"}) {
    static int attempt = 0;
    build.begin("s.a", ++attempt).wait(1).end(verdict);
  }
  const auto run = build.finish().record();
  EXPECT_EQ(run.cases[0].verdict, Verdict::flaky);
  EXPECT_EQ(run.cases[0].passed_attempts(), 2u);
  EXPECT_EQ(run.cases[0].telling().number, 2);
  EXPECT_EQ(run.cases[0].attempts.size(), 3u);
  EXPECT_EQ(run.exit_code(), model::exit_failed);
}

TEST(Fold, the_attempt_that_made_the_verdict_is_the_one_that_tells) {
  RunBuilder build;
  build.start({"s.a", "s.b", "s.c"});
  build.begin("s.a").end("fail").begin("s.a", 2).end("error");
  build.begin("s.b").end("pass").begin("s.b", 2).end("fail").begin("s.b", 3).end("skip");
  build.begin("s.c").end("pass").begin("s.c", 2).end("skip", {{"reason", "no lab network"}});
  const auto run = build.finish().record();
  EXPECT_EQ(run.cases[0].verdict, Verdict::fail);
  EXPECT_EQ(run.cases[0].telling().number, 1) << "the bench is not to blame for it";
  EXPECT_EQ(run.cases[1].telling().number, 2);
  EXPECT_EQ(run.cases[2].verdict, Verdict::flaky) << "never silently green";
  EXPECT_EQ(run.cases[2].telling().number, 2);
}

TEST(Fold, a_failed_expectation_becomes_a_sentence_with_a_blame) {
  RunBuilder build;
  build.start({"s.a"}).begin("s.a");
  build.event("assertion", {{"ok", false},
                            {"text",
                             "Expected equality of these values:\n  back.slot\n    Which is: B\n  "
                             "before.slot\n    Which is: A\nit stayed"},
                            {"file", "suites/s.cpp"},
                            {"line", 42}});
  const auto run = build.end("fail").finish().record();
  const auto& failure = run.cases[0].attempts.at(0).failure;
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->what(), "it stayed: back.slot is B, not A");
  EXPECT_EQ(failure->blame(), Blame::product);
}

TEST(Fold, a_verdict_is_never_invented) {
  RunBuilder build;
  build.start({"s.a"}).begin("s.a").end("splendid").finish();
  const auto run = build.record();
  EXPECT_EQ(run.cases[0].verdict, Verdict::error);
  EXPECT_EQ(run.cases[0].attempts[0].failure->code(), "report.unknown_verdict");
}

TEST(Fold, a_case_that_began_twice_is_two_attempts_and_never_silently_green) {
  RunBuilder build;
  build.start({"s.a"})
      .begin("s.a")
      .step("first", 1)
      .end("fail", {{"failure", failure_json("x.y", Blame::product, "broke", "mend")}});
  build.event("note", {{"text", "."}});
  build.begin("s.a").step("second", 1).end("pass").finish();
  const auto run = build.record();
  const auto& attempts = run.cases[0].attempts;
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(run.cases[0].verdict, Verdict::flaky) << "never silently green";
  EXPECT_EQ(run.exit_code(), model::exit_failed);
  EXPECT_EQ(attempts[0].verdict, Verdict::fail);
  EXPECT_EQ(attempts[0].steps.at(0).text, "first");
  EXPECT_EQ(attempts[1].verdict, Verdict::pass);
  EXPECT_EQ(attempts[1].steps.at(0).text, "second");
  EXPECT_EQ(attempts[1].number, 2);
  EXPECT_THAT(run.warnings, ElementsAre(HasSubstr("began twice")));
}

TEST(Fold, a_case_that_began_twice_and_was_killed_the_second_time_keeps_its_first_verdict) {
  RunBuilder build;
  build.start({"s.a"}).begin("s.a").end("fail").begin("s.a").step("second", 1);
  const auto run = build.record();
  EXPECT_EQ(run.cases[0].verdict, Verdict::fail);
  EXPECT_TRUE(run.cases[0].attempts.at(1).cut_short);
}

TEST(Fold, ends_of_one_attempt_that_differ_are_both_kept_and_ends_that_agree_are_one) {
  RunBuilder build;
  build.start({"s.a", "s.b"}).begin("s.a").end("pass").begin("s.b").end("pass");
  for (const auto* verdict : {"pass", "fail"}) {
    build.name("s.a").event("case_finished", {{"verdict", "pass"}});
    build.name("s.b").event("case_finished", {{"verdict", verdict}});
  }
  const auto run = build.name("", 0).finish().record();
  EXPECT_EQ(run.cases[0].verdict, Verdict::pass);
  EXPECT_EQ(run.cases[0].attempts.size(), 1u);
  EXPECT_EQ(run.cases[1].verdict, Verdict::flaky) << "whichever was written first";
  EXPECT_EQ(run.exit_code(), model::exit_failed);
  EXPECT_THAT(run.warnings, testing::Contains(HasSubstr("the ends differ, both are kept")));
}

TEST(Fold, a_failure_of_the_run_explains_the_cases_it_stopped) {
  RunBuilder build;
  build.start({"s.a"}).finish(
      {{"failure", failure_json("qemu.died", Blame::bench, "QEMU died", "look at its log")}});
  const auto run = build.record();
  EXPECT_EQ(run.cases[0].verdict, Verdict::not_run);
  EXPECT_THAT(run.cases[0].attempts[0].reason, HasSubstr("QEMU died"));
  EXPECT_EQ(run.exit_code(), model::exit_not_proven);
}

TEST(Fold, foreign_events_and_hostile_fields_do_no_harm) {
  RunBuilder build;
  build.line("rubbish").line("{}").line("[1,2]").line("{\"v\":1,\"kind\":\"step_finished\"}");
  build.start({"s.a"}, {{"image", "not an object"}, {"suites", {1, {{"name", 7}}}}, {"argv", 3}});
  build.begin("s.a").event("hologram", {{"x", {1, 2}}});
  build.event("step_started", {{"step", nullptr}, {"parent", {1}}, {"text", 5}});
  build.event("step_started", {{"step", 1}, {"parent", 2}, {"text", "child of nobody"}});
  build.event("step_started", {{"step", 2}, {"parent", 1}, {"text", "and a cycle"}});
  build.event("step_started", {{"step", 2}, {"parent", 2}, {"text", "of itself"}});
  build.event("console_mark", {{"offset", -5}}).event("sentinel", {{"offset", 1e300}});
  build.event("boot", {{"seconds_to_login", "soon"}}).event("assertion", {{"line", 1e99}});
  build.event("measurement", {{"value", "many"}, {"limit", 3}});
  const auto run = build.end("pass").finish({{"verdicts", "x"}}).record();
  EXPECT_EQ(run.cases.at(0).attempts.at(0).steps.size(), 4u);
  EXPECT_EQ(run.cases[0].verdict, Verdict::pass);
  EXPECT_THAT(run.warnings, testing::Contains(HasSubstr("could not be read")));
}

TEST(Fold, steps_become_a_tree_and_a_flood_of_them_is_capped_and_counted) {
  RunBuilder build;
  build.start({"s.a"}).begin("s.a");
  build.event("step_started", {{"step", 100001}, {"text", "outer"}});
  build.event("step_started", {{"step", 100002}, {"parent", 100001}, {"text", "inner"}});
  build.event("step_finished", {{"step", 100002}, {"ok", true}});
  build.event("step_finished", {{"step", 100001}, {"ok", true}});
  for (std::size_t i = 0; i < kMostSteps + 50; ++i) build.step("again", 0);
  build.step("the one that fails", 1, false);
  const auto run = build.end("error").finish().record();
  const auto& attempt = run.cases[0].attempts[0];
  EXPECT_EQ(attempt.steps[1].text, "inner");
  EXPECT_EQ(attempt.steps[1].depth, 1);
  EXPECT_EQ(attempt.steps.size(), kMostSteps + 1) << "the failed step is kept beyond the cap";
  EXPECT_EQ(attempt.left_out, 53u);
  EXPECT_FALSE(attempt.steps.back().ok);
}

TEST(Fold, a_boot_that_is_told_again_is_one_boot_in_the_case_where_it_began) {
  RunBuilder build;
  build.start({"s.a", "s.b"}).begin("s.a");
  build.event("boot", {{"number", 1}, {"console_offset", 0}, {"at", 0.5}, {"reason", "power_on"}});
  build.event("boot", {{"number", 1}, {"console_offset", 0}, {"at", 0.5}, {"slot", "A"}});
  build.event("boot", {{"number", 2}, {"console_offset", 900}, {"at", 9.5}, {"slot", "B"}});
  build.end("pass").begin("s.b");
  build.event("boot", {{"number", 2}, {"console_offset", 900}, {"ended_by", "power off"}});
  build.event("boot", {{"number", 1}, {"console_offset", 2000}, {"slot", "A"}});
  const auto run = build.end("pass").finish().record();
  const auto& boots = run.cases[0].attempts[0].boots;
  ASSERT_EQ(boots.size(), 2u);
  EXPECT_EQ(boots[0].slot, "A");
  EXPECT_EQ(boots[0].at, 0.5);
  EXPECT_EQ(boots[1].ended_by, "power off");
  EXPECT_EQ(run.cases[1].attempts[0].boots.size(), 1u);
}

TEST(Fold, a_folder_without_a_run_is_a_failure_with_advice) {
  const auto absent = read_run_record("/nonexistent/run");
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code(), "events.unreadable");
  RunBuilder build;
  const auto empty = read_run_record(build.line("not an event").write());
  ASSERT_FALSE(empty.has_value());
  EXPECT_EQ(empty.error().code(), "report.empty_log");
}

}  // namespace
}  // namespace seatrial::reports
