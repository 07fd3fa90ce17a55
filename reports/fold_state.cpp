// SPDX-License-Identifier: Apache-2.0
#include "reports/fold_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/claim.hpp"

namespace seatrial::reports {
namespace {
using model::Event;
using model::Verdict;

/// Orders steps parents first, siblings by start, and sets their depth. A parent that is unknown or
/// not older than its child counts as none, so a hostile log cannot make a cycle.
void order_as_tree(std::vector<Step>& steps) {
  std::map<std::string, std::size_t> by_id;
  std::vector<std::vector<std::size_t>> children(steps.size() + 1);
  const std::size_t root = steps.size();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto parent = by_id.find(steps[i].parent);
    children[parent == by_id.end() ? root : parent->second].push_back(i);
    by_id.emplace(steps[i].id, i);
  }
  std::vector<Step> ordered;
  ordered.reserve(steps.size());
  std::vector<std::pair<std::size_t, int>> stack;
  const auto push = [&](std::size_t of, int depth) {
    for (auto it = children[of].rbegin(); it != children[of].rend(); ++it)
      stack.emplace_back(*it, depth);
  };
  push(root, 0);
  while (!stack.empty()) {
    const auto [index, depth] = stack.back();
    stack.pop_back();
    push(index, depth + 1);
    ordered.push_back(std::move(steps[index]));
    ordered.back().depth = depth;
  }
  steps = std::move(ordered);
}

/// What failed, when the log does not say it in a Failure of its own: the first expectation that
/// did not hold, the step that failed, or the console line that must not appear.
Failure failure_from(const Attempt& attempt, const std::optional<Failure>& given) {
  for (const auto& claim : attempt.assertions)
    if (!claim.ok)
      return Failure("expectation.failed", Blame::product, claim_sentence(claim.text),
                     given ? given->advice()
                           : "compare what was expected with the step trail and the console");
  if (given) return *given;
  for (const auto& step : attempt.steps)
    if (step.finished && !step.ok && step.failure) return *step.failure;
  for (const auto& hit : attempt.sentinels)
    if (!hit.allowed)
      return Failure("console." + (hit.id.empty() ? std::string("sentinel") : hit.id),
                     Blame::product, "the console showed: " + hit.line,
                     "read the console around this line");
  return Failure("report.no_reason", Blame::unknown,
                 "the log does not say why this case came to its verdict",
                 "look for the case in events.jsonl and console.log of this run");
}

Failure cut_short_in(const Attempt& attempt) {
  std::string where = "before its first step";
  for (const auto& step : attempt.steps)
    if (!step.finished) where = "in the step \"" + step.text + "\"";
  return Failure("run.cut_short", Blame::unknown,
                 "cut short " + where + ": the log of the run ends inside this case",
                 "the run was killed, or is still going: run the case again when it has ended");
}

}  // namespace

std::size_t FoldState::case_of(const std::string& full_name) {
  const auto [it, is_new] = index_of_case.emplace(full_name, run.cases.size());
  if (is_new) {
    Case made;
    const auto dot = full_name.find('.');
    made.suite = dot == std::string::npos ? "" : full_name.substr(0, dot);
    made.name = dot == std::string::npos ? full_name : full_name.substr(dot + 1);
    run.cases.push_back(std::move(made));
  }
  return it->second;
}

Place FoldState::begin_attempt(const Event& event) {
  const std::size_t index = case_of(event.case_name);
  for (std::size_t i = 0; event.attempt > 0 && i < run.cases[index].attempts.size(); ++i)
    if (told[{index, i}] == event.attempt) {
      warn(fmt::format("{} attempt {} began twice; both are kept", event.case_name, event.attempt));
      break;
    }
  return add_attempt(event);
}

Place FoldState::add_attempt(const Event& event) {
  const std::size_t index = case_of(event.case_name);
  auto& attempts = run.cases[index].attempts;
  int highest = 0;
  bool taken = false;
  for (const auto& attempt : attempts) {
    highest = std::max(highest, attempt.number);
    taken = taken || attempt.number == event.attempt;
  }
  Attempt made;
  made.number = event.attempt > 0 && !taken ? event.attempt : highest + 1;
  attempts.push_back(std::move(made));
  const Place place{index, attempts.size() - 1};
  told[place] = event.attempt;
  return place;
}

std::optional<Place> FoldState::place_of(const Event& event) {
  if (event.case_name.empty()) return open;
  const std::size_t index = case_of(event.case_name);
  for (std::size_t i = run.cases[index].attempts.size(); i-- > 0;)
    if (event.attempt == 0 || told[{index, i}] == event.attempt) return Place{index, i};
  return begin_attempt(event);
}

std::string FoldState::id_of(const Event& event, const char* key) {
  const auto it = event.data->find(key);
  if (it == event.data->end()) return {};
  if (it->is_string()) return it->get<std::string>();
  if (it->is_number_integer()) return std::to_string(it->get<std::int64_t>());
  return {};
}

Step* FoldState::add_step(const Event& event, Step step, bool beyond_the_cap) {
  const auto place = place_of(event);
  auto& into = happenings(place);
  if (into.steps.size() >= kMostSteps + (beyond_the_cap ? kMostItems : 0)) {
    ++into.left_out;
    return nullptr;
  }
  step_index[{place, step.id}] = into.steps.size();
  into.steps.push_back(std::move(step));
  return &into.steps.back();
}

Step* FoldState::find_step(const Event& event) {
  const auto place = place_of(event);
  const auto it = step_index.find({place, id_of(event, "step")});
  return it == step_index.end() ? nullptr : &happenings(place).steps[it->second];
}

Boot* FoldState::find_boot(const Event& event, const Boot& like) {
  const auto place = place_of(event);
  const auto next = happenings(place).boots.size();
  const auto [it, is_new] = boot_index.try_emplace({like.number, like.console_offset}, place, next);
  if (is_new) return nullptr;
  auto& boots = happenings(it->second.first).boots;
  return it->second.second < boots.size() ? &boots[it->second.second] : nullptr;
}

void FoldState::warn(std::string text) {
  if (run.warnings.size() < kMostItems) run.warnings.push_back(std::move(text));
}

void FoldState::close_attempt(Case& of, Attempt& attempt, bool is_done) {
  order_as_tree(attempt.steps);
  if (!is_done) {
    attempt.cut_short = attempt.started;
    attempt.verdict = attempt.started ? Verdict::error : Verdict::not_run;
    attempt.seconds = attempt.started ? std::max(0.0, last_mono - attempt.at) : 0;
    attempt.failure = cut_short_in(attempt);
    attempt.reason = attempt.failure->what();
    warn(of.full_name() + " has no end in the log: it was cut short");
  }
  for (auto& step : attempt.steps)
    if (!step.finished) step.seconds = std::max(0.0, attempt.at + attempt.seconds - step.at);
  const bool red = attempt.verdict == Verdict::fail || attempt.verdict == Verdict::error ||
                   attempt.verdict == Verdict::timeout;
  if (red && (!attempt.failure || attempt.failure->code() == "expectation.failed"))
    attempt.failure = failure_from(attempt, attempt.failure);
  if (attempt.reason.empty() && attempt.verdict == Verdict::not_run)
    attempt.reason = attempt.failure ? attempt.failure->what() : "the log does not say why";
}

void FoldState::settle_case(Case& of) {
  if (of.attempts.empty()) {
    Attempt absent;
    absent.reason = run.failure       ? "the run ended before it: " + run.failure->what()
                    : run.interrupted ? "the run was interrupted before it began"
                    : run.finished    ? "the run ended without reaching it"
                                      : "the run was cut short before it began";
    of.attempts.push_back(std::move(absent));
  }
  std::vector<Verdict> verdicts;
  for (const auto& attempt : of.attempts) verdicts.push_back(attempt.verdict);
  of.verdict = model::verdict_of_attempts(verdicts);
}

void FoldState::gather_suites() {
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < run.suites.size(); ++i) known.emplace(run.suites[i].name, i);
  for (std::size_t i = 0; i < run.cases.size(); ++i) {
    const auto& of = run.cases[i];
    const auto [it, is_new] = known.emplace(of.suite, run.suites.size());
    if (is_new) run.suites.push_back({.name = of.suite});
    auto& suite = run.suites[it->second];
    suite.cases.push_back(i);
    suite.tally.add(of.verdict);
    suite.seconds += of.seconds();
    run.tally.add(of.verdict);
  }
}

RunRecord FoldState::finish() {
  order_as_tree(run.outside.steps);
  if (!run.started) warn("the log has no beginning: what was chosen and on what is not known");
  if (!run.finished) run.seconds = last_mono;
  for (std::size_t i = 0; i < run.cases.size(); ++i) {
    auto& of = run.cases[i];
    for (std::size_t k = 0; k < of.attempts.size(); ++k)
      close_attempt(of, of.attempts[k], done.count({i, k}) > 0);
    settle_case(of);
  }
  gather_suites();
  return std::move(run);
}

}  // namespace seatrial::reports
