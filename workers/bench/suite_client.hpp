// SPDX-License-Identifier: Apache-2.0
#pragma once
// SuiteClient: the suite process of one case as the bench host sees it: started, admitted by its
// token, served, its notes written to the event log, its result kept. run() ends with the outcome
// that the process and its words amount to: the first result counts; a red one (fail, error,
// timeout) stands whatever happens afterwards, a green one (pass, skip) only when nothing does.

#include <string>

#include "core/base/alarm.hpp"
#include "workers/bench/case_runner.hpp"
#include "workers/bench/suite_process.hpp"

namespace seatrial::bench {

class SuiteClient final : public SessionOwner {
 public:
  /// `linger`: how long the process may take to end after it closed its connection.
  SuiteClient(CaseBench& bench, EventWriter& events, Steps& steps, Alarm& alarm,
              Duration linger = std::chrono::seconds(15))
      : bench_(bench), events_(events), steps_(steps), alarm_(alarm), linger_(linger) {}

  /// Runs the case to its end. `budget`: the guard deadline.
  Task<AttemptOutcome> run(SuiteCall call, Duration budget);

  std::string bench_name() const override { return bench_.name(); }
  std::int64_t epoch() const override { return bench_.epoch(); }
  Result<> admit(const model::ClientHello& hello) override;
  Task<Result<nlohmann::json>> call(const model::Verb& verb, nlohmann::json arguments,
                                    double deadline) override;
  void note(const model::Note& note) override;

 private:
  Task<Result<AttemptOutcome>> serve(SuiteProcess& process, io::WebSocketListener& listener);
  Task<Result<AttemptOutcome>> connected(SuiteProcess& process, io::WebSocketListener& listener);
  /// A note goes into the event log while there is room for it.
  void keep(const char* kind, const nlohmann::json& data);
  void warn(const std::string& text);
  void take_result(const nlohmann::json& data);
  /// The outcome of a process that ended like this.
  AttemptOutcome judge(const SuiteProcess& process, const io::ExitStatus& status);
  /// The outcome when this happened, to a case that may have reported its result before.
  AttemptOutcome settle(const Failure& happened);
  Failure lingers() const;

  CaseBench& bench_;
  EventWriter& events_;
  Steps& steps_;
  Alarm& alarm_;
  Duration linger_;
  std::string token_;
  std::optional<AttemptOutcome> reported_;
  std::uint64_t noted_ = 0, notes_dropped_ = 0, failed_expectations_ = 0, second_results_ = 0;
};

}  // namespace seatrial::bench
