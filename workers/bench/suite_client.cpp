// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/suite_client.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/ids.hpp"
#include "core/base/nursery.hpp"
#include "core/base/race.hpp"
#include "core/base/text.hpp"
#include "core/base/unless.hpp"
#include "core/base/within.hpp"
#include "core/model/failure_json.hpp"
#include "workers/bench/step_text.hpp"

namespace seatrial::bench {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using model::Verdict;
using nlohmann::json;

namespace {
constexpr std::uint64_t kMostNoted = 16u
                                     << 20;  ///< bytes that one attempt may add to the event log

bool held(const json& assertion) {
  const auto ok = assertion.find("ok");
  return ok != assertion.end() && ok->is_boolean() && ok->get<bool>();
}

/// not_run is the runner's word, flaky one over several attempts.
bool may_be_reported(Verdict verdict) {
  return verdict != Verdict::not_run && verdict != Verdict::flaky;
}
}  // namespace

Result<> SuiteClient::admit(const model::ClientHello& hello) {
  if (hello.token == token_) return {};
  return Failure("protocol.token", Blame::suite,
                 "a client without the token of this case was refused",
                 "only the suite process that the bench host started may use the bench");
}

Task<Result<json>> SuiteClient::call(const model::Verb& verb, json arguments, double deadline) {
  register_secrets(arguments);
  Steps::Step step(steps_, std::string(verb.name), step_text(verb, arguments), deadline);
  auto result = co_await bench_.call(verb, std::move(arguments), deadline);
  if (result)
    step.succeed(step_result(verb, *result));
  else
    step.fail(result.error());
  co_return result;
}

void SuiteClient::warn(const std::string& text) {
  events_.write("note", json{{"level", "warn"}, {"text", text}});
}

void SuiteClient::keep(const char* kind, const json& data) {
  noted_ += data.dump(-1, ' ', false, json::error_handler_t::replace).size();
  if (noted_ <= kMostNoted)
    events_.write(kind, data);
  else
    ++notes_dropped_;
}

void SuiteClient::note(const model::Note& note) {
  if (note.kind != "case_result") {
    // Only kinds of the suite's own are taken: a suite cannot write "case_finished" or "boot" into
    // the log.
    for (const char* kind : {"assertion", "measurement", "note", "artifact"})
      if (note.kind == kind) keep(kind, *note.data);
    if (note.kind == "assertion" && !held(*note.data)) ++failed_expectations_;
    return;
  }
  take_result(*note.data);
}

void SuiteClient::take_result(const json& data) {
  const json object = data.is_object() ? data : json::object();
  const auto word = object.find("verdict");
  const bool is_word = word != object.end() && word->is_string();
  const std::string said = is_word ? word->get<std::string>().substr(0, 40) : "no verdict";
  if (reported_) {
    if (second_results_++ == 0)
      warn(
          fmt::format("the suite reported a second result ({}), which is ignored: the first ({}) "
                      "counts",
                      said, to_string(reported_->verdict)));
    return;
  }
  AttemptOutcome outcome;
  const auto verdict = model::verdict_from_string(said);
  if (verdict && may_be_reported(*verdict)) {
    outcome.verdict = *verdict;
    if (const auto it = object.find("failure"); it != object.end() && it->is_object())
      outcome.failure = model::failure_from_json(*it);
    if (const auto it = object.find("reason"); it != object.end() && it->is_string())
      outcome.reason = it->get<std::string>();
  } else {
    outcome.verdict = Verdict::error;
    outcome.failure =
        Failure("suite.bad_result", Blame::suite,
                "the suite reported a result that no case can come to: " + said,
                "a suite reports pass, fail, skip, error or timeout; rebuild it with this version");
  }
  const bool green = outcome.verdict == Verdict::pass || outcome.verdict == Verdict::skip;
  if (green && failed_expectations_ > 0) {
    outcome.verdict = Verdict::error;
    outcome.failure = Failure(
        "suite.bad_result", Blame::suite,
        fmt::format("the suite reported {} after {} expectation(s) had failed", said,
                    failed_expectations_),
        "a case with a failed expectation reports fail; rebuild the suite with this version");
  }
  reported_ = std::move(outcome);
  events_.sync();
}

AttemptOutcome SuiteClient::settle(const Failure& happened) {
  if (!reported_) {
    AttemptOutcome outcome{model::verdict_of(happened), happened, {}};
    if (failed_expectations_ == 0) return outcome;
    outcome.reason = fmt::format("{} expectation(s) had failed before", failed_expectations_);
    // What failed stays failed, unless the rig broke: then it proves nothing.
    if (happened.blame() == Blame::suite || happened.blame() == Blame::unknown) {
      outcome.verdict = Verdict::fail;
      outcome.failure =
          Failure("expectation.failed", Blame::product,
                  fmt::format("{} expectation(s) failed before the case ended early: {}",
                              failed_expectations_, happened.what()),
                  happened.advice());
    }
    return outcome;
  }
  const std::string before(to_string(reported_->verdict));
  if (reported_->verdict == Verdict::pass || reported_->verdict == Verdict::skip)
    return {model::verdict_of(happened), happened, "the suite had reported " + before};
  warn("after the suite had reported " + before + ": " + happened.describe());
  return *reported_;
}

AttemptOutcome SuiteClient::judge(const SuiteProcess& process, const io::ExitStatus& status) {
  if (reported_ && status.ok()) return *reported_;
  const auto tail = trim(process.output_tail(600)).empty()
                        ? std::string("it printed nothing")
                        : "it printed last: " + std::string(trim(process.output_tail(600)));
  if (status.ok())
    return settle(Failure("suite.exited_early", Blame::suite,
                          "the suite process ended without a result; " + tail,
                          "a case must not call exit(); see the suite's output file"));
  return settle(Failure(status.signal ? "suite.crashed" : "suite.failed", Blame::suite,
                        fmt::format("the suite process ended with {}; {}", status.describe(), tail),
                        "debug the suite: the report shows the command that repeats the case"));
}

Failure SuiteClient::lingers() const {
  return Failure("suite.lingers", Blame::suite,
                 "the suite process did not end after it had reported its result",
                 "mend the suite: no thread and no child of it may outlive its case");
}

Task<Result<AttemptOutcome>> SuiteClient::connected(SuiteProcess& process,
                                                    io::WebSocketListener& listener) {
  Budget connect_budget(30s, "the suite process to connect");
  connect_budget.code = "suite.no_contact";
  connect_budget.blame = Blame::suite;
  auto first = co_await race(within(std::move(connect_budget), listener.accept()), process.wait());
  if (first.index() == 1) {
    auto& status = std::get<1>(first);
    co_return judge(process, status ? *status : io::ExitStatus{});
  }
  auto& accepted = std::get<0>(first);
  if (!accepted) co_return accepted.error();
  Session session(std::move(*accepted), *this);
  auto served = co_await unless(alarm_.wait(), session.serve());
  if (alarm_.raised()) co_return settle(*alarm_.raised());
  // One that was refused, or that broke the protocol. Of a connection that broke, the way the
  // process ends tells more.
  if (!served && served.error().code() != "socket.io") co_return settle(served.error());
  Budget end_budget(linger_, "the suite process to end after it closed its connection");
  auto status = co_await within(std::move(end_budget), process.wait());
  if (!status) co_return settle(status.error().code() == "deadline" ? lingers() : status.error());
  co_return judge(process, *status);
}

Task<Result<AttemptOutcome>> SuiteClient::serve(SuiteProcess& process,
                                                io::WebSocketListener& listener) {
  auto executor = co_await asio::this_coro::executor;
  Nursery side(executor);
  side.start("reading the suite's output", process.drain());
  Result<AttemptOutcome> outcome = AttemptOutcome{};
  std::exception_ptr thrown;
  try {
    outcome = co_await connected(process, listener);
  } catch (...) {
    thrown = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await process.stop(1s);
  Budget flush_budget(2s, "the rest of the suite's output");
  (void)co_await within(std::move(flush_budget), side.join());
  side.cancel();
  (void)co_await side.join();
  if (thrown) std::rethrow_exception(thrown);
  co_return outcome;
}

Task<AttemptOutcome> SuiteClient::run(SuiteCall call, Duration budget) {
  auto executor = co_await asio::this_coro::executor;
  token_ = random_hex(32);
  call.token = token_;
  call.epoch = bench_.epoch();
  auto listener = io::WebSocketListener::listen(executor, call.socket);
  if (!listener) co_return settle(listener.error());
  auto process = SuiteProcess::start(executor, call);
  if (!process) co_return settle(process.error());
  Budget guard(budget, "the case to end");
  guard.code = "deadline.case";
  guard.advice =
      "the last step of the trail is what it was waiting for; raise the case's budget if that is "
      "normal";
  auto served = co_await within(std::move(guard), serve(*process, *listener));
  if (process->dropped() > 0)
    warn(fmt::format("the suite printed {} more than is kept",
                     human_bytes(static_cast<double>(process->dropped()))));
  if (notes_dropped_ > 0)
    warn(fmt::format("the suite noted {} more than is kept in the event log", notes_dropped_));
  if (served) co_return *served;
  const bool late = reported_ && served.error().code() == "deadline.case";
  co_return settle(late ? lingers() : served.error());
}

}  // namespace seatrial::bench
