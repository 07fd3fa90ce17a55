// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/case_runner.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/unless.hpp"
#include "core/base/within.hpp"
#include "core/model/failure_json.hpp"
#include "workers/bench/suite_client.hpp"

namespace seatrial::bench {
using namespace std::chrono_literals;
using model::Verdict;
using nlohmann::json;

namespace {

AttemptOutcome outcome_of(const Failure& failure) {
  return {model::verdict_of(failure), failure, {}};
}

json finished_data(const AttemptOutcome& outcome, double seconds, double setup_seconds) {
  json data{{"verdict", to_string(outcome.verdict)},
            {"seconds", seconds},
            {"setup_seconds", setup_seconds}};
  if (outcome.failure) data["failure"] = model::to_json(*outcome.failure);
  if (!outcome.reason.empty()) data["reason"] = outcome.reason;
  return data;
}

/// Why a run without an image for `role` has none.
std::string no_image(const std::string& role) {
  return fmt::format(
      "this run has no image for the role {}: {}", role,
      role == "next" ? "give --next FILE"
                     : "it is made of the version after a catalogue image (seatrial list images)");
}

bool red(Verdict verdict) {
  return verdict != Verdict::pass && verdict != Verdict::skip && verdict != Verdict::not_run;
}

}  // namespace

CaseRunner::CaseRunner(CaseBench& bench, EventWriter& events, Steps& steps, Alarm& alarm,
                       CaseRunnerSettings settings)
    : bench_(bench),
      events_(events),
      steps_(steps),
      alarm_(alarm),
      settings_(std::move(settings)) {}

void CaseRunner::not_run(const model::CaseInfo& info, const std::string& reason) {
  events_.begin_case(info.full_name(), 1);
  events_.write("case_finished", finished_data({Verdict::not_run, std::nullopt, reason}, 0, 0));
  events_.end_case();
}

Task<AttemptOutcome> CaseRunner::run_inside(model::CaseInfo info, model::SuiteInfo suite,
                                            int attempt, double* setup_seconds) {
  for (const auto& capability : info.needs)
    if (auto why = bench_.lacks(capability))
      co_return AttemptOutcome{Verdict::skip, std::nullopt, *why};
  for (const auto& declared : info.images)
    if (const auto role = model::role_of(declared); !settings_.roles.contains(role))
      co_return AttemptOutcome{Verdict::skip, std::nullopt, no_image(role)};

  const double scale = bench_.budget_scale();
  const double began = events_.now();
  {
    Steps::Step step(steps_, "checkpoint", "bring the bench to checkpoint " + info.checkpoint, 0);
    Budget setup(from_seconds(bench_.setup_budget() * scale), "checkpoint " + info.checkpoint);
    setup.code = "deadline.checkpoint";
    auto reached =
        co_await unless(alarm_.wait(), within(std::move(setup), bench_.reach(info.checkpoint)));
    *setup_seconds = events_.now() - began;
    if (!reached) {
      step.fail(reached.error());
      co_return outcome_of(
          reached.error().with("bringing the bench to checkpoint " + info.checkpoint));
    }
    step.succeed();
  }

  SuiteCall call;
  call.binary = suite.path;
  call.case_name = info.name;
  call.run = settings_.run;
  call.digest = suite.digest;
  call.attempt = attempt;
  call.guard = settings_.guard;
  call.socket = (settings_.sockets / "suite.sock").string();
  call.output = settings_.out / fmt::format("suite-{}-{}.log", info.full_name(), attempt);
  SuiteClient client(bench_, events_, steps_, alarm_);
  const double budget = (info.budget_seconds > 0 ? info.budget_seconds : 600) * scale;
  auto outcome = co_await client.run(std::move(call), from_seconds(budget));
  // A suite that passed while the kernel cried out has not seen it.
  if (outcome.verdict == Verdict::pass)
    if (auto unsettled = bench_.unsettled()) outcome = outcome_of(*unsettled);
  co_return outcome;
}

Task<AttemptOutcome> CaseRunner::run(model::CaseInfo info, model::SuiteInfo suite, int attempt) {
  events_.begin_case(info.full_name(), attempt);
  const double began = events_.now();
  bench_.begin_case();
  events_.write("case_started",
                json{{"checkpoint", info.checkpoint},
                     {"budget_scale", bench_.budget_scale()},
                     {"budget_seconds", info.budget_seconds * bench_.budget_scale()},
                     {"doc", info.doc},
                     {"suite_digest", suite.digest}});
  double setup_seconds = 0;
  AttemptOutcome outcome;
  try {
    outcome = co_await run_inside(info, suite, attempt, &setup_seconds);
  } catch (const std::exception& error) {
    outcome = outcome_of(Failure("internal.exception", Blame::seatrial,
                                 std::string("the case runner broke: ") + error.what(),
                                 "report this with bench.log of the run"));
  }
  if (red(outcome.verdict)) {
    Budget evidence(60s, "evidence of the failure");
    struct Collect {
      static Task<Result<>> all(CaseBench& bench, std::string name, int attempt) {
        co_await bench.collect_evidence(std::move(name), attempt);
        co_return Result<>();
      }
    };
    auto collected =
        co_await within(std::move(evidence), Collect::all(bench_, info.full_name(), attempt));
    if (!collected)
      events_.write("note", json{{"level", "warn"}, {"text", collected.error().what()}});
  }
  events_.write("case_finished", finished_data(outcome, events_.now() - began, setup_seconds));
  events_.sync();
  events_.end_case();
  // It is told; what is raised from here on came between the cases.
  if (alarm_.raised() && alarm_.raised()->blame() != Blame::cancelled) alarm_.reset();
  co_return outcome;
}

}  // namespace seatrial::bench
