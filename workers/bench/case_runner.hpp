// SPDX-License-Identifier: Apache-2.0
#pragma once
// CaseRunner: one attempt at one case. Brings the bench to the case's checkpoint, starts the suite
// process, serves it, and decides the verdict from what is known: the result the suite reported, an
// alarm (panic, dead bench, cancel), the guard deadline, or the way the suite process ended. Every
// attempt ends with exactly one case_finished event.

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/alarm.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/websocket.hpp"
#include "core/model/case_info.hpp"
#include "core/model/verdict.hpp"
#include "workers/bench/event_writer.hpp"
#include "workers/bench/session.hpp"
#include "workers/bench/steps.hpp"
#include "workers/guard/guard.hpp"

namespace seatrial::bench {

/// What a case runner needs of the bench.
class CaseBench {
 public:
  virtual ~CaseBench() = default;
  virtual std::string name() const = 0;
  /// Of the lease the bench is driven under.
  virtual std::int64_t epoch() const { return 0; }
  /// Why a case that needs `capability` is not applicable; nullopt when the bench has it.
  virtual std::optional<std::string> lacks(const std::string& capability) const = 0;
  virtual Task<Result<>> reach(std::string checkpoint) = 0;
  /// Reference seconds in which any checkpoint must be reached, the product's budgets being
  /// shorter.
  virtual double setup_budget() const = 0;
  virtual Task<Result<nlohmann::json>> call(const model::Verb& verb, nlohmann::json arguments,
                                            double deadline) = 0;
  /// The attempt begins: alarms are armed anew, nothing is allowed, the budgets' scale is taken.
  virtual void begin_case() = 0;
  /// An alarm that was seen, not allowed, and did not end the case: fails it now.
  virtual std::optional<Failure> unsettled() = 0;
  /// Fetches journal, state files and the like into the run folder; best effort, bounded.
  virtual Task<> collect_evidence(std::string case_name, int attempt) = 0;
  /// Product budgets and guard deadlines are multiplied by this; one value for an attempt.
  virtual double budget_scale() const = 0;
};

struct AttemptOutcome {
  model::Verdict verdict = model::Verdict::not_run;
  std::optional<Failure> failure;
  std::string reason;
};

struct CaseRunnerSettings {
  std::string run;
  std::filesystem::path out;      ///< run folder
  std::filesystem::path sockets;  ///< short folder for the suite's socket
  Guard* guard = nullptr;
  std::set<std::string> roles = {};  ///< of the images and bundles that this run has
};

class CaseRunner {
 public:
  CaseRunner(CaseBench& bench, EventWriter& events, Steps& steps, Alarm& alarm,
             CaseRunnerSettings settings);

  Task<AttemptOutcome> run(model::CaseInfo info, model::SuiteInfo suite, int attempt);
  /// Records a case that is not run, and why.
  void not_run(const model::CaseInfo& info, const std::string& reason);

 private:
  Task<AttemptOutcome> run_inside(model::CaseInfo info, model::SuiteInfo suite, int attempt,
                                  double* setup_seconds);

  CaseBench& bench_;
  EventWriter& events_;
  Steps& steps_;
  Alarm& alarm_;
  CaseRunnerSettings settings_;
};

}  // namespace seatrial::bench
