// SPDX-License-Identifier: Apache-2.0
#include "reports/ctrf/ctrf.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "reports/escape.hpp"
#include "reports/excerpt.hpp"
#include "reports/headline.hpp"
#include "reports/trail.hpp"

namespace seatrial::reports {
namespace {
using json = nlohmann::ordered_json;
using model::Verdict;

constexpr std::size_t kMostSteps = 100;

const char* status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "passed";
    case Verdict::fail:
    case Verdict::flaky: return "failed";
    case Verdict::skip: return "skipped";
    case Verdict::not_run: return "pending";
    case Verdict::error:
    case Verdict::timeout: break;
  }
  return "other";
}

/// Bounded by the year 2286, so that whatever the log says is a number.
std::int64_t milliseconds(double seconds) {
  return std::isfinite(seconds) ? std::llround(std::clamp(seconds, 0.0, 1e10) * 1000) : 0;
}

/// Milliseconds since 1970 of a second of the run.
std::int64_t moment(const RunRecord& run, double at) {
  return milliseconds(seconds(run.zero.value_or(Duration{}))) + milliseconds(at);
}

json attachments(const Attempt& attempt, const RunFolder& folder) {
  json list = json::array();
  for (const auto& file : attempt.artifacts)
    if (folder.has_file(file.path))
      list.push_back({{"name", one_line(file.name.empty() ? file.path : file.name)},
                      {"contentType", file.media_type.empty() ? "application/octet-stream"
                                                              : one_line(file.media_type, 100)},
                      {"path", one_line(file.path, 400)}});
  return list;
}

json steps(const Attempt& attempt) {
  json list = json::array();
  for (const auto& step : attempt.steps) {
    if (list.size() >= kMostSteps && step.finished && step.ok) continue;
    list.push_back({{"name", one_line(step.text.empty() ? step.name : step.text)},
                    {"status", !step.finished ? "other"
                               : step.ok      ? "passed"
                                              : "failed"},
                    {"extra", {{"seconds", step.seconds}, {"depth", step.depth}}}});
  }
  return list;
}

json extra(const Case& of, const Attempt& attempt) {
  json more = json::object();
  if (!of.doc.empty()) more["doc"] = one_line(of.doc, 400);
  if (attempt.failure && attempt.verdict != Verdict::pass) {
    more["code"] = one_line(attempt.failure->code(), 120);
    more["blame"] = to_string(attempt.failure->blame());
    more["advice"] = clipped(attempt.failure->advice(), 2000);
  }
  for (const auto& made : attempt.measurements)
    more["measurements"].push_back({{"name", one_line(made.name)},
                                    {"value", made.value},
                                    {"unit", one_line(made.unit, 40)},
                                    {"ok", made.ok}});
  return more;
}

json attempts(const RunRecord& run, const Case& of) {
  json list = json::array();
  for (const auto& attempt : of.attempts) {
    json made{{"attempt", attempt.number},
              {"status", status_of(attempt.verdict)},
              {"duration", milliseconds(attempt.seconds)}};
    if (attempt.started) made["start"] = moment(run, attempt.at);
    if (const auto text = why(attempt); !text.empty()) made["message"] = text;
    list.push_back(std::move(made));
  }
  return list;
}

json test(const RunRecord& run, const Case& of, const RunFolder& folder, const Excerpts& excerpts) {
  const Attempt& telling = of.telling();
  json made{{"name", one_line(of.full_name(), 300)},
            {"status", status_of(of.verdict)},
            {"duration", milliseconds(of.seconds())},
            {"suite", json::array({one_line(of.suite.empty() ? "case" : of.suite, 100)})},
            {"rawStatus", to_string(of.verdict)}};
  if (telling.started) {
    made["start"] = moment(run, telling.at);
    made["stop"] = moment(run, telling.at + telling.seconds);
  }
  if (of.verdict != Verdict::pass) {
    made["message"] = why(of);
    made["trace"] = clipped(failure_text(telling), 8000);
    if (const auto console = console_text(excerpts.of(telling), telling.at); !console.empty())
      made["stdout"] = split(trim(plain(console)), '\n');
  }
  if (of.attempts.size() > 1) {
    made["retries"] = of.attempts.size() - 1;
    made["retryAttempts"] = attempts(run, of);
  }
  if (of.verdict == Verdict::flaky) made["flaky"] = true;
  if (!run.device.empty()) made["device"] = one_line(run.device, 100);
  if (auto files = attachments(telling, folder); !files.empty()) made["attachments"] = files;
  if (auto trail = steps(telling); !trail.empty()) made["steps"] = trail;
  if (auto more = extra(of, telling); !more.empty()) made["extra"] = more;
  return made;
}

json summary(const RunRecord& run) {
  const auto n = [&run](Verdict verdict) { return run.tally.of(verdict); };
  return {{"tests", run.tally.total()},
          {"passed", n(Verdict::pass)},
          {"failed", n(Verdict::fail) + n(Verdict::flaky)},
          {"skipped", n(Verdict::skip)},
          {"pending", n(Verdict::not_run)},
          {"other", n(Verdict::error) + n(Verdict::timeout)},
          {"flaky", n(Verdict::flaky)},
          {"suites", run.suites.size()},
          {"start", moment(run, 0)},
          {"stop", moment(run, run.seconds)},
          {"duration", milliseconds(run.seconds)}};
}

}  // namespace

std::string render_ctrf(const RunRecord& run, const RunFolder& folder) {
  const Excerpts excerpts(run, folder);
  const auto head = headline(run);
  json tests = json::array();
  for (const auto& of : run.cases) tests.push_back(test(run, of, folder, excerpts));
  json facts = json::object();
  for (const auto& fact : run.facts)
    facts[one_line(fact.group + "." + fact.name, 120)] = one_line(fact.value, 500);
  json tool{{"name", "seatrial"}};
  if (const auto version = run.fact("versions", "seatrial"); !version.empty())
    tool["version"] = one_line(version, 60);
  const json report{
      {"reportFormat", "CTRF"},
      {"specVersion", "1.0.0"},
      {"generatedBy", "seatrial"},
      {"results",
       {{"tool", std::move(tool)},
        {"summary", summary(run)},
        {"tests", std::move(tests)},
        {"environment",
         {{"reportName", one_line("run " + run.id, 140)},
          {"appName", one_line(run.image_name, 200)},
          {"appVersion", one_line(run.image_version, 100)},
          {"healthy", run.exit_code() == model::exit_proven},
          {"extra", std::move(facts)}}},
        {"extra",
         {{"headline", head.word + ": " + head.sentence}, {"warning", plain(head.warning)}}}}}};
  return report.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace seatrial::reports
