// SPDX-License-Identifier: Apache-2.0
#include "reports/fold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "reports/fold_state.hpp"

namespace seatrial::reports {
namespace {
using model::Event;
using model::Verdict;
using nlohmann::json;

std::vector<std::string> texts(const json& object, const char* key) {
  std::vector<std::string> list;
  if (const auto it = object.find(key); it != object.end() && it->is_array())
    for (const auto& item : *it)
      if (item.is_string()) list.push_back(item.get<std::string>());
  return list;
}

std::string scalar(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Everything scalar below `value` as facts, nested keys joined by dots.
void flatten(const std::string& group, const std::string& prefix, const json& value,
             std::vector<Fact>& into, int depth = 0) {
  if (depth > 4 || into.size() > kMostItems) return;
  for (const auto& [key, item] : value.items()) {
    if (item.is_object())
      flatten(group, prefix + key + ".", item, into, depth + 1);
    else if (!item.is_null())
      into.push_back({group, prefix + key, scalar(item)});
  }
}

void run_started(FoldState& state, const Event& event) {
  auto& run = state.run;
  run.started = true;
  run.argv = texts(*event, "argv");
  run.mutant = event.text("mutant");
  for (const char* group : {"image", "device", "profile", "bench", "versions"})
    if (const auto it = event.data->find(group); it != event.data->end() && it->is_object())
      flatten(group, "", *it, run.facts);
  for (const auto& [key, value] : event.data->items())
    if (!value.is_structured() && !value.is_null())
      run.facts.push_back({"run", key, scalar(value)});
  run.image_name = run.fact("image", "name");
  run.image_version = run.fact("image", "version");
  run.device = run.fact("device", "slug");
  if (const auto it = event.data->find("suites"); it != event.data->end() && it->is_array())
    for (const auto& suite : *it)
      if (suite.is_object())
        run.suites.push_back({.name = suite.value("name", json()).is_string() ? suite["name"] : "",
                              .digest = suite.contains("digest") ? scalar(suite["digest"]) : "",
                              .path = suite.contains("path") ? scalar(suite["path"]) : ""});
  for (const auto& name : texts(*event, "cases")) state.case_of(name);
}

void run_finished(FoldState& state, const Event& event) {
  state.run.finished = true;
  state.run.interrupted = event.truth("interrupted");
  state.run.failure = event.failure();
  state.run.seconds = event.number("seconds", event.mono);
  state.open.reset();
}

void case_started(FoldState& state, const Event& event) {
  const auto place = state.begin_attempt(event);
  auto& attempt = state.attempt(place);
  attempt.started = true;
  attempt.at = event.mono;
  attempt.checkpoint = event.text("checkpoint");
  attempt.suite_digest = event.text("suite_digest");
  attempt.budget_seconds = event.number("budget_seconds");
  auto& doc = state.run.cases[place.case_index].doc;
  if (doc.empty()) doc = event.text("doc");
  state.open = place;
}

void case_finished(FoldState& state, const Event& event) {
  auto place = state.place_of(event);
  if (!place) return;
  const auto word = event.text("verdict");
  if (state.done.count(*place)) {
    // Whichever end was written first, the other is not lost: a case whose ends differ is flaky.
    const auto& ended = state.attempt(*place);
    const bool agrees = to_string(ended.verdict) == word;
    state.warn(fmt::format("{} attempt {} ended twice; {}", event.case_name, ended.number,
                           agrees ? "both ends agree" : "the ends differ, both are kept"));
    if (agrees) return;
    place = state.add_attempt(event);
  }
  auto& attempt = state.attempt(*place);
  state.done.insert(*place);
  attempt.failure = event.failure();
  attempt.reason = event.text("reason");
  if (const auto verdict = model::verdict_from_string(word)) {
    attempt.verdict = *verdict;
  } else {
    attempt.verdict = Verdict::error;
    attempt.failure = Failure("report.unknown_verdict", Blame::seatrial,
                              "the log gives the verdict \"" + word + "\", which is not known here",
                              "read it with the version of seatrial that wrote it");
  }
  if (!attempt.started) attempt.at = event.mono - event.number("seconds");
  attempt.seconds = event.number("seconds", event.mono - attempt.at);
  attempt.setup_seconds = event.number("setup_seconds");
  if (auto& doc = state.run.cases[place->case_index].doc; doc.empty()) doc = event.text("doc");
  if (state.open == place) state.open.reset();
}

void step_started(FoldState& state, const Event& event) {
  state.add_step(event, {.id = FoldState::id_of(event, "step"),
                         .parent = FoldState::id_of(event, "parent"),
                         .name = event.text("name"),
                         .text = event.text("text"),
                         .at = event.mono,
                         .budget_seconds = event.number("budget_seconds")});
}

void step_finished(FoldState& state, const Event& event) {
  Step* step = state.find_step(event);
  const bool ok = event.truth("ok");
  if (!step && ok) return;  // its start was left out by the cap
  if (!step)
    step = state.add_step(event,
                          {.id = FoldState::id_of(event, "step"),
                           .name = event.text("name"),
                           .text = event.text("text", "a step whose start was not kept"),
                           .at = event.mono - event.number("seconds")},
                          true);
  step->finished = true;
  step->ok = ok;
  step->seconds = event.number("seconds", event.mono - step->at);
  step->failure = event.failure();
  step->result = event.text("result");
}

int line_of(const Event& event) {
  const double line = event.number("line");
  return line > 0 && line < 1e8 ? static_cast<int>(line) : 0;
}

std::uint64_t size_of(const Event& event, const char* key) {
  const double value = event.number(key);
  return value > 0 && value < 9e15 ? static_cast<std::uint64_t>(value) : 0;
}

void assertion(FoldState& state, const Event& event) {
  state.keep(
      event, &Happenings::assertions,
      {event.truth("ok"), event.text("text"), event.text("file"), line_of(event), event.mono});
}

void measurement(FoldState& state, const Event& event) {
  Measurement made{.name = event.text("name"),
                   .unit = event.text("unit"),
                   .value = event.number("value", std::nan("")),
                   .ok = event.truth("ok", true),
                   .at = event.mono};
  if (const auto it = event.data->find("limit"); it != event.data->end() && it->is_object()) {
    for (const auto& [key, value] : it->items()) {
      if (!value.is_number()) continue;
      if (key == "at_most") made.limit_kind = Measurement::Limit::at_most;
      if (key == "at_least") made.limit_kind = Measurement::Limit::at_least;
      made.limit = value.get<double>();
    }
  }
  state.keep(event, &Happenings::measurements, std::move(made));
}

void console_mark(FoldState& state, const Event& event) {
  state.keep(event, &Happenings::marks, {size_of(event, "offset"), event.text("text"), event.mono});
}

void sentinel(FoldState& state, const Event& event) {
  state.keep(event, &Happenings::sentinels,
             {event.text("id"), event.text("severity"), event.text("line"),
              size_of(event, "offset"), event.truth("allowed"), event.mono});
}

std::optional<double> span_of(const Event& event, const char* key) {
  const double span = event.number(key, -1);
  return span >= 0 ? std::optional<double>(span) : std::nullopt;
}

/// A boot is told again whenever more of it is known, perhaps when its case is over; the last
/// telling counts, at the place of the first.
void boot(FoldState& state, const Event& event) {
  Boot seen{.number = FoldState::id_of(event, "number"),
            .boot_id = event.text("boot_id"),
            .slot = event.text("slot"),
            .reason = event.text("reason"),
            .why = event.text("why"),
            .os_version = event.text("os_version"),
            .ended_by = event.text("ended_by"),
            .panicked = event.truth("panicked"),
            .console_offset = size_of(event, "console_offset"),
            .seconds_to_login = span_of(event, "seconds_to_login"),
            .seconds_to_shell = span_of(event, "seconds_to_shell"),
            .at = event.number("at", event.mono)};
  if (event.data->contains("console_offset")) {
    if (Boot* known = state.find_boot(event, seen)) {
      *known = std::move(seen);
      return;
    }
  }
  state.keep(event, &Happenings::boots, std::move(seen));
}

void power(FoldState& state, const Event& event) {
  state.keep(event, &Happenings::power, {event.text("action"), event.text("state"), event.mono});
}

void artifact(FoldState& state, const Event& event) {
  state.keep(event, &Happenings::artifacts,
             {event.text("name"), event.text("path"), event.text("media_type"),
              event.text("digest"), size_of(event, "bytes")});
}

void note(FoldState& state, const Event& event) {
  state.keep(event, &Happenings::notes,
             {event.text("level", "info"), event.text("source"), event.text("text"), event.mono});
}

using Handler = void (*)(FoldState&, const Event&);
const std::map<std::string, Handler, std::less<>>& handlers() {
  static const std::map<std::string, Handler, std::less<>> table{
      {"run_started", run_started},
      {"run_finished", run_finished},
      {"case_started", case_started},
      {"case_finished", case_finished},
      {"step_started", step_started},
      {"step_finished", step_finished},
      {"assertion", assertion},
      {"measurement", measurement},
      {"console_mark", console_mark},
      {"sentinel", sentinel},
      {"boot", boot},
      {"power", power},
      {"artifact", artifact},
      {"note", note},
      {"log", note},
  };
  return table;
}

}  // namespace

struct Fold::State : FoldState {};

Fold::Fold() : state_(std::make_unique<State>()) {}
Fold::~Fold() = default;

void Fold::add(const Event& event) {
  auto& run = state_->run;
  if (run.id.empty()) run.id = event.run;
  if (run.started_wall.empty()) run.started_wall = event.wall;
  if (!run.zero)
    if (const auto wall = from_iso8601(event.wall)) run.zero = *wall - from_seconds(event.mono);
  if (!event.wall.empty()) run.ended_wall = event.wall;
  state_->last_mono = std::max(state_->last_mono, event.mono);
  if (const auto it = handlers().find(event.kind); it != handlers().end())
    it->second(*state_, event);
}

void Fold::warn(std::string text) { state_->warn(std::move(text)); }

RunRecord Fold::finish() && { return state_->finish(); }

}  // namespace seatrial::reports
