// SPDX-License-Identifier: Apache-2.0
// A suite process that closes its connection and does not end: with a patience shorter than ours.
#include "workers/bench/suite_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/workers/support/tasks.hpp"

namespace seatrial::bench {
namespace {
using namespace std::chrono_literals;
using model::Verdict;
using nlohmann::json;

/// A bench that nobody asks anything.
class IdleBench final : public CaseBench {
 public:
  std::string name() const override { return "idle"; }
  std::optional<std::string> lacks(const std::string&) const override { return {}; }
  Task<Result<>> reach(std::string) override { co_return Result<>(); }
  Task<Result<json>> call(const model::Verb&, json, double) override { co_return json::object(); }
  void begin_case() override {}
  std::optional<Failure> unsettled() override { return {}; }
  Task<> collect_evidence(std::string, int) override { co_return; }
  double setup_budget() const override { return 20; }
  double budget_scale() const override { return 1; }
};

AttemptOutcome run(const std::string& name) {
  test::Loop loop;
  const auto dir = io::TempDir::make("suite").value();
  auto events = EventWriter::open(dir.path() / "events.jsonl", "r").value();
  Steps steps(events);
  Alarm alarm(loop.executor());
  IdleBench bench;
  SuiteClient client(bench, events, steps, alarm, 200ms);
  SuiteCall call;
  call.binary = SEATRIAL_BINARY_DIR "/tests/scripted_suite";
  call.case_name = name;
  call.socket = (dir.path() / "s").string();
  call.output = dir.path() / "output.log";
  return loop.run(client.run(std::move(call), 30s));
}

TEST(SuiteClient, a_pass_of_a_process_that_lingers_is_an_error) {
  const auto outcome = run("passes_then_lingers");
  EXPECT_EQ(outcome.verdict, Verdict::error);
  EXPECT_EQ(outcome.failure->code(), "suite.lingers");
}

TEST(SuiteClient, a_fail_of_a_process_that_lingers_is_a_fail) {
  const auto outcome = run("fails_then_lingers");
  EXPECT_EQ(outcome.verdict, Verdict::fail);
  EXPECT_EQ(outcome.failure->what(), "1 is not 2");
}

TEST(SuiteClient, a_pass_after_a_failed_expectation_is_no_pass) {
  const auto outcome = run("expects_and_passes");
  EXPECT_EQ(outcome.verdict, Verdict::error);
  EXPECT_EQ(outcome.failure->code(), "suite.bad_result");
}

}  // namespace
}  // namespace seatrial::bench
