// SPDX-License-Identifier: Apache-2.0
#include "reports/kcidb/kcidb.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "reports/escape.hpp"
#include "reports/excerpt.hpp"
#include "reports/headline.hpp"
#include "reports/trail.hpp"

namespace seatrial::reports {
namespace {
using json = nlohmann::ordered_json;
using model::Verdict;

constexpr const char* kOrigin = "seatrial";
constexpr std::size_t kMostExcerpt = 12'000;  ///< the schema allows 16,384 characters

const char* status_of(const Attempt& attempt) {
  switch (attempt.verdict) {
    case Verdict::pass: return "PASS";
    case Verdict::fail:
    case Verdict::flaky: return "FAIL";
    case Verdict::skip: return "SKIP";
    case Verdict::not_run: return "MISS";
    case Verdict::error:
    case Verdict::timeout: break;
  }
  return attempt.started ? "ERROR" : "MISS";
}

std::string id(std::string_view rest) { return std::string(kOrigin) + ":" + one_line(rest, 300); }

/// Paths are words of letters, digits, '_' and '-' with single dots between them.
std::string path_of(std::string_view name) {
  std::string path;
  for (const char c : name) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    if (c == '.' && !path.empty() && path.back() != '.')
      path += c;
    else if (c != '.')
      path += word ? c : '_';
  }
  while (!path.empty() && path.back() == '.') path.pop_back();
  return path;
}

json attempt_object(const RunRecord& run, const Case& of, const Attempt& attempt,
                    const std::string& build, const Excerpts& excerpts) {
  json made{{"build_id", build},
            {"id", id(fmt::format("{}:{}:{}", run.id, of.full_name(), attempt.number))},
            {"origin", kOrigin},
            {"path", path_of(of.full_name())},
            {"status", status_of(attempt)},
            {"comment", one_line(of.doc.empty() ? of.full_name() : of.doc, 400)}};
  if (attempt.started) {
    made["duration"] = std::round(attempt.seconds * 1000) / 1000;
    if (run.zero) made["start_time"] = iso8601(*run.zero + from_seconds(attempt.at));
  }
  if (attempt.verdict != Verdict::pass)
    if (auto text = failure_text(attempt) + console_text(excerpts.of(attempt), attempt.at);
        !text.empty())
      made["log_excerpt"] = clipped(text, kMostExcerpt);
  made["environment"] = {{"comment", one_line(run.device.empty() ? "unknown" : run.device, 200)}};
  made["misc"] = {{"verdict", to_string(attempt.verdict)},
                  {"attempt", attempt.number},
                  {"run", one_line(run.id, 120)}};
  if (const auto text = why(attempt); !text.empty()) made["misc"]["why"] = text;
  if (attempt.failure && attempt.verdict != Verdict::pass) {
    made["misc"]["code"] = one_line(attempt.failure->code(), 120);
    made["misc"]["blame"] = to_string(attempt.failure->blame());
    made["misc"]["advice"] = clipped(attempt.failure->advice(), 2000);
  }
  return made;
}

json measurement_object(const RunRecord& run, const Case& of, const Attempt& attempt,
                        const Measurement& made, const std::string& build) {
  json number{{"value", made.value}};
  if (!made.unit.empty()) number["unit"] = one_line(made.unit, 40);
  return {{"build_id", build},
          {"id", id(fmt::format("{}:{}:{}:{}", run.id, of.full_name(), attempt.number, made.name))},
          {"origin", kOrigin},
          {"path", path_of(of.full_name() + "." + made.name)},
          {"status", "DONE"},
          {"number", std::move(number)},
          {"misc", {{"ok", made.ok}, {"limit", measurement_text(made)}}}};
}

}  // namespace

std::string render_kcidb(const RunRecord& run, const RunFolder& folder) {
  const Excerpts excerpts(run, folder);
  auto name = run.fact("image", "digest");
  if (name.empty()) name = run.image_name.empty() ? run.id : run.image_name;
  const std::string build = id(name);
  json facts = json::object();
  for (const auto& fact : run.facts)
    facts[one_line(fact.group + "." + fact.name, 120)] = one_line(fact.value, 500);
  json tests = json::array();
  for (const auto& of : run.cases)
    for (const auto& attempt : of.attempts) {
      tests.push_back(attempt_object(run, of, attempt, build, excerpts));
      for (const auto& made : attempt.measurements)
        if (std::isfinite(made.value))
          tests.push_back(measurement_object(run, of, attempt, made, build));
    }
  const auto image = one_line(run.image_name + " " + run.image_version, 200);
  const json report{
      {"version", {{"major", 5}, {"minor", 3}}},
      {"checkouts", json::array({{{"id", build}, {"origin", kOrigin}, {"comment", image}}})},
      {"builds", json::array({{{"checkout_id", build},
                               {"id", build},
                               {"origin", kOrigin},
                               {"comment", image},
                               {"misc", std::move(facts)}}})},
      {"tests", std::move(tests)}};
  return report.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace seatrial::reports
