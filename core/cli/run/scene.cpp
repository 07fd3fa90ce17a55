// SPDX-License-Identifier: Apache-2.0
#include "core/cli/run/scene.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace seatrial::cli {

Scene::Scene(const std::vector<model::SuiteInfo>& suites, int repeat, const Durations& durations) {
  for (const auto& suite : suites)
    for (const auto& info : suite.cases) {
      expected_[info.full_name()] = durations.expected(info);
      budgets_[info.full_name()] = info.budget_seconds;
      left_ += durations.expected(info) * repeat;
      total_ += static_cast<std::size_t>(repeat);
    }
}

std::string why_of(const model::Event& event) {
  if (const auto failure = event.failure()) return failure->what();
  return event.text("reason");
}

FinishedCase Scene::finish(const model::Event& event) {
  FinishedCase out;
  out.name = event.case_name;
  out.attempt = event.attempt;
  out.verdict = model::verdict_from_string(event.text("verdict")).value_or(model::Verdict::error);
  out.seconds = event.number("seconds");
  out.why = why_of(event);
  if (const auto failure = event.failure()) out.advice = failure->advice();
  tally_.add(out.verdict);
  ++done_;
  left_ = std::max(0.0, left_ - expected_[out.name]);
  running_.reset();
  steps_.clear();
  progress_.clear();
  return out;
}

std::optional<FinishedCase> Scene::apply(const model::Event& event) {
  last_mono_ = std::max(last_mono_, event.mono);
  if (event.kind == "case_finished") return finish(event);
  if (event.kind == "run_started") {
    scale_ = std::max(0.01, event.number("budget_scale", 1));
  } else if (event.kind == "case_started") {
    scale_ = std::max(0.01, event.number("budget_scale", scale_));
    // The event's budget is scaled, the plan's is not.
    const double budget = event.number("budget_seconds", budgets_[event.case_name] * scale_);
    running_ = SceneCase{event.case_name, event.attempt, event.mono, budget};
  } else if (event.kind == "step_started") {
    const auto& data = *event;
    const auto id = data.contains("step") ? data["step"].dump() : "";
    steps_.push_back(
        {id, event.text("text", event.text("name")), event.mono, event.number("budget_seconds")});
    progress_.clear();
  } else if (event.kind == "step_finished") {
    const auto& data = *event;
    const auto id = data.contains("step") ? data["step"].dump() : "";
    std::erase_if(steps_, [&](const auto& step) { return step.id == id; });
    progress_.clear();
  } else if (event.kind == "progress") {
    progress_ = event.text("text");
  } else if (event.kind == "held") {
    held_ = true;
  } else if (event.kind == "run_finished") {
    ended_ = true;
    running_.reset();
    steps_.clear();
  }
  return std::nullopt;
}

double Scene::seconds_left(double now) const {
  if (!running_) return left_;
  const auto found = expected_.find(running_->name);
  const double expected = found == expected_.end() ? 0 : found->second;
  return std::max(0.0, left_ - std::min(expected, now - running_->began));
}

}  // namespace seatrial::cli
