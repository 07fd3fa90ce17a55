// SPDX-License-Identifier: Apache-2.0
#pragma once
// SuiteClient: the suite process of one case as the bench host sees it: started, admitted by its
// token, served, its notes written to the event log, its result kept. run() ends with the outcome
// that the process and its words amount to.

#include <string>

#include "core/base/alarm.hpp"
#include "workers/bench/case_runner.hpp"
#include "workers/bench/suite_process.hpp"

namespace seatrial::bench {

class SuiteClient final : public SessionOwner {
 public:
  SuiteClient(CaseBench& bench, EventWriter& events, Steps& steps, Alarm& alarm)
      : bench_(bench), events_(events), steps_(steps), alarm_(alarm) {}

  /// Runs the case to its end. `budget`: the guard deadline.
  Task<AttemptOutcome> run(SuiteCall call, Duration budget);

  std::string bench_name() const override { return bench_.name(); }
  Result<> admit(const model::ClientHello& hello) override;
  Task<Result<nlohmann::json>> call(const model::Verb& verb, nlohmann::json arguments,
                                    double deadline) override;
  void note(const model::Note& note) override;

 private:
  Task<Result<AttemptOutcome>> serve(SuiteProcess& process, io::WebSocketListener& listener);
  Task<Result<AttemptOutcome>> connected(SuiteProcess& process, io::WebSocketListener& listener);
  /// A note goes into the event log while there is room for it.
  void keep(const char* kind, const nlohmann::json& data);
  AttemptOutcome judge(const SuiteProcess& process, const io::ExitStatus& status) const;

  CaseBench& bench_;
  EventWriter& events_;
  Steps& steps_;
  Alarm& alarm_;
  std::string token_, case_name_;
  std::optional<AttemptOutcome> reported_;
  std::optional<Failure> refused_;
  std::uint64_t noted_ = 0, notes_dropped_ = 0;
};

}  // namespace seatrial::bench
