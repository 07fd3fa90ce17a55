// SPDX-License-Identifier: Apache-2.0
// What a case comes to: one suite process against one scripted bench host, verdict by verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/suites/kit/scripted_bench.hpp"

namespace seatrial::kit {
namespace {
using nlohmann::json;
using testing::HasSubstr;
using testing::SizeIs;

Played run(const std::string& case_name, Script script = {}) {
  return play(fixture_suite(), case_name, std::move(script));
}

Script command_fails_with(Blame blame, const char* code = "ssh.lost") {
  Script script;
  script.replies["shell.run"] = [=](const json&) -> Result<json> {
    return Failure(code, blame, "the device went away", "look at the console");
  };
  return script;
}

json result_of(const Played& played) {
  EXPECT_EQ(played.process.status.code, 0) << played.process.err;
  EXPECT_TRUE(played.seen.result().has_value()) << played.process.err;
  return played.seen.result().value_or(json::object());
}

TEST(CaseRunner, says_who_it_is_and_passes) {
  const auto played = run("passes");
  EXPECT_EQ(result_of(played)["verdict"], "pass");
  EXPECT_EQ(played.seen.hello.case_name, "passes");
  EXPECT_EQ(played.seen.hello.run, "run-1");
  EXPECT_EQ(played.seen.hello.attempt, 3);
  EXPECT_EQ(played.seen.hello.token, "a token");
  EXPECT_EQ(played.seen.hello.epoch, 5);
  EXPECT_EQ(played.seen.hello.suite_digest, "sha256:1234");
  EXPECT_EQ(played.seen.hello.version, model::kProtocolVersion);
  EXPECT_EQ(played.seen.of_kind("note").at(0)["text"], "all is well");
  EXPECT_THAT(played.seen.of_kind("assertion"), SizeIs(0));
}

TEST(CaseRunner, takes_the_name_with_its_suite_too) {
  EXPECT_EQ(result_of(run("fixture.passes"))["verdict"], "pass");
}

TEST(CaseRunner, a_failed_expectation_goes_on_and_fails_the_case) {
  const auto played = run("fails_two_expectations");
  const auto result = result_of(played);
  EXPECT_EQ(result["verdict"], "fail");
  EXPECT_EQ(result["failure"]["code"], "expectation.failed");
  EXPECT_EQ(result["failure"]["blame"], "product");
  EXPECT_THAT(result["failure"]["what"].get<std::string>(), HasSubstr("the wrong version"));
  EXPECT_THAT(result["reason"].get<std::string>(), HasSubstr("2 expectations"));
  EXPECT_THAT(played.seen.of_kind("note"), SizeIs(1)) << "the body did not go on";
  const auto assertions = played.seen.of_kind("assertion");
  ASSERT_THAT(assertions, SizeIs(2));
  EXPECT_EQ(assertions[0]["ok"], false);
  EXPECT_EQ(assertions[0]["file"], "suites/kit/fixture_suite.cpp");
  EXPECT_GT(assertions[0]["line"], 1);
  EXPECT_THAT(assertions[0]["text"].get<std::string>(), HasSubstr("1.0.0"));
}

TEST(CaseRunner, an_assertion_in_a_helper_ends_the_case) {
  const auto played = run("fails_an_assertion_in_a_helper");
  EXPECT_EQ(result_of(played)["verdict"], "fail");
  EXPECT_THAT(played.seen.of_kind("assertion"), SizeIs(1));
  EXPECT_THAT(played.seen.of_kind("measurement"), SizeIs(0));
  EXPECT_THAT(played.seen.of_kind("note"), SizeIs(0)) << "the body went on";
}

TEST(CaseRunner, a_failure_of_the_product_fails_the_case) {
  const auto result = result_of(run("calls", command_fails_with(Blame::product)));
  EXPECT_EQ(result["verdict"], "fail");
  EXPECT_EQ(result["failure"]["code"], "ssh.lost");
  EXPECT_EQ(result["failure"]["advice"], "look at the console");
}

TEST(CaseRunner, a_failure_of_the_bench_is_an_error) {
  for (const auto blame : {Blame::bench, Blame::seatrial, Blame::unknown, Blame::suite}) {
    const auto result = result_of(run("calls", command_fails_with(blame)));
    EXPECT_EQ(result["verdict"], "error");
    EXPECT_EQ(result["failure"]["blame"], to_string(blame));
  }
}

struct Ending {
  Blame blame;
  const char* code;
  const char *verdict, *after_a_failed_expectation;
};

/// Every failure that may end a case, and what the case comes to: alone, and when an expectation
/// had failed before it.
TEST(CaseRunner, a_failed_call_becomes_the_verdict_that_the_model_gives_it) {
  for (const auto& ending : {
           Ending{Blame::product, "boot.not_reached", "fail", "fail"},
           Ending{Blame::product, "deadline.boot", "fail", "fail"},
           Ending{Blame::bench, "mux.no_card", "error", "error"},
           Ending{Blame::bench, "deadline.relay", "error", "error"},
           Ending{Blame::seatrial, "bench.no_handler", "error", "error"},
           Ending{Blame::suite, "protocol.argument", "error", "fail"},
           Ending{Blame::unknown, "ssh.lost", "error", "fail"},
           Ending{Blame::unknown, "deadline", "timeout", "fail"},
           Ending{Blame::unknown, "deadline.request", "timeout", "fail"},
           Ending{Blame::cancelled, "cancelled", "error", "fail"},
       }) {
    const auto script = command_fails_with(ending.blame, ending.code);
    const auto alone = result_of(run("calls", script));
    EXPECT_EQ(alone["verdict"], ending.verdict) << ending.code;
    EXPECT_EQ(alone["failure"]["code"], ending.code);
    const auto later = result_of(run("calls_after_a_failed_expectation", script));
    EXPECT_EQ(later["verdict"], ending.after_a_failed_expectation) << ending.code;
    EXPECT_THAT(later["reason"].get<std::string>(), HasSubstr("first"));
  }
}

TEST(CaseRunner, a_case_without_needs_has_its_budgets_scaled_too) {
  const auto played = play(bare_suite(), "runs_with_a_budget", {});
  EXPECT_EQ(result_of(played)["verdict"], "pass");
  const auto& [verb, args] = played.seen.requests.back();
  EXPECT_EQ(verb, "shell.run");
  EXPECT_EQ(args["timeout"], 20.0) << "ten seconds, on a bench that is half as fast";
}

TEST(CaseRunner, a_skip_carries_its_reason) {
  const auto result = result_of(run("skips"));
  EXPECT_EQ(result["verdict"], "skip");
  EXPECT_EQ(result["reason"], "no moon tonight");
}

TEST(CaseRunner, a_missing_capability_is_a_skip_with_its_name_and_the_body_never_runs) {
  const auto played = run("needs_what_is_not_there");
  EXPECT_EQ(result_of(played)["verdict"], "skip");
  EXPECT_THAT(result_of(played)["reason"].get<std::string>(), HasSubstr("sonar"));
  EXPECT_THAT(played.seen.of_kind("assertion"), SizeIs(0));
}

TEST(CaseRunner, an_exception_of_the_body_is_an_error_of_the_suite) {
  const auto result = result_of(run("throws"));
  EXPECT_EQ(result["verdict"], "error");
  EXPECT_EQ(result["failure"]["blame"], "suite");
  EXPECT_EQ(result["failure"]["code"], "suite.exception");
  EXPECT_THAT(result["failure"]["what"].get<std::string>(), HasSubstr("oh no"));
  EXPECT_EQ(result_of(run("throws_a_number"))["failure"]["code"], "suite.exception");
}

TEST(CaseRunner, a_measurement_beyond_its_limit_is_a_failed_expectation) {
  const auto played = run("measures");
  EXPECT_EQ(result_of(played)["verdict"], "fail");
  const auto measurements = played.seen.of_kind("measurement");
  ASSERT_THAT(measurements, SizeIs(3));
  EXPECT_EQ(measurements[0]["ok"], true) << "limits in time are scaled by the bench's factor 2";
  EXPECT_EQ(measurements[0]["limit"]["at_most"], 10.0);
  EXPECT_EQ(measurements[0]["unit"], "s");
  EXPECT_EQ(measurements[1]["ok"], false) << "limits in other units are not";
  EXPECT_EQ(measurements[2]["ok"], true);
  ASSERT_THAT(played.seen.of_kind("assertion"), SizeIs(1));
  EXPECT_THAT(played.seen.of_kind("assertion")[0]["text"].get<std::string>(),
              HasSubstr("space is 9 MB, allowed is at most 8 MB"));
}

TEST(CaseRunner, an_abort_ends_the_case_at_once) {
  Script script;
  script.abort_at = "shell.run";
  for (const auto* name : {"calls", "swallows_every_exception"}) {
    const auto played = run(name, script);
    EXPECT_EQ(played.process.status.code, 3);
    EXPECT_THAT(played.process.err, HasSubstr("the kernel panicked"));
    EXPECT_FALSE(played.seen.result().has_value()) << "nobody asked for a result any more";
    EXPECT_THAT(played.seen.of_kind("note"), SizeIs(0)) << "the body swallowed the end";
  }
}

TEST(CaseRunner, a_bench_host_that_vanishes_ends_the_case) {
  Script script;
  script.vanish_at = "shell.run";
  const auto played = run("calls", script);
  EXPECT_EQ(played.process.status.code, 3);
  EXPECT_THAT(played.process.err, HasSubstr("bench.host_gone"));
}

TEST(CaseRunner, a_host_of_another_protocol_is_refused_with_advice) {
  Script newer;
  newer.version = newer.oldest = model::kProtocolVersion + 1;
  const auto played = run("passes", newer);
  EXPECT_EQ(played.process.status.code, 3);
  EXPECT_THAT(played.process.err, HasSubstr("protocol.version"));
  EXPECT_THAT(played.seen.requests, SizeIs(0));

  Script refusing;
  refusing.refuse =
      Failure("protocol.version", Blame::suite, "you are too old", "rebuild the suite");
  EXPECT_THAT(run("passes", refusing).process.err, HasSubstr("rebuild the suite"));
}

TEST(CaseRunner, a_process_that_ends_by_itself_leaves_no_result) {
  const auto played = run("prints_and_exits");
  EXPECT_EQ(played.process.status.code, 7);
  EXPECT_EQ(played.process.out, "words of its own\n");
  EXPECT_FALSE(played.seen.result().has_value());
}

TEST(CaseRunner, no_bench_at_the_socket_is_said_so) {
  auto command = io::cmd(fixture_suite())
                     .arg("--case")
                     .arg("passes")
                     .with_env("SEATRIAL_BENCH", "/nonexistent/bench");
  const auto output =
      io::run_blocking(command, Budget(std::chrono::seconds(30), "the fixture suite")).value();
  EXPECT_EQ(output.status.code, 3);
  EXPECT_THAT(output.err, HasSubstr("/nonexistent/bench"));
}

}  // namespace
}  // namespace seatrial::kit
