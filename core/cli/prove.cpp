// SPDX-License-Identifier: Apache-2.0
#include "core/cli/prove.hpp"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.hpp"
#include "reports/escape.hpp"
#include "reports/headline.hpp"

namespace seatrial::cli {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const reports::Case* find_case(const reports::RunRecord& record, const std::string& name) {
  for (const auto& one : record.cases)
    if (one.full_name() == name) return &one;
  return nullptr;
}

std::string verdict_in(const reports::RunRecord* record, const std::string& name) {
  const auto* one = record == nullptr ? nullptr : find_case(*record, name);
  return one == nullptr ? "" : std::string(to_string(one->verdict));
}

/// Where the attempt was at second `at`: the last step that had begun.
std::string step_at(const reports::Attempt& attempt, double at) {
  const reports::Step* last = nullptr;
  for (const auto& step : attempt.steps)
    if (step.at <= at && (last == nullptr || step.at >= last->at)) last = &step;
  return last == nullptr ? "" : last->name;
}

/// What went wrong, in words, and the step where it did.
struct Wrong {
  std::string words, step;
};

/// All that went wrong in an attempt: the failure, with what it says of its circumstances but
/// without its advice, and every failed expectation; on one line each.
std::vector<Wrong> wrongs_of(const reports::Attempt& attempt) {
  constexpr std::size_t most = 4000;
  std::vector<Wrong> out;
  if (attempt.failure) {
    std::string words = attempt.failure->what();
    for (const auto& note : attempt.failure->context()) words += " (while " + note + ")";
    std::string step;
    for (const auto& each : attempt.steps)
      if (each.finished && !each.ok) step = each.name;
    if (step.empty()) step = step_at(attempt, std::numeric_limits<double>::max());
    // One made of an expectation is told by that, which knows its time.
    if (attempt.failure->code() != "expectation.failed")
      out.push_back({reports::one_line(words, most), step});
  }
  for (const auto& each : attempt.assertions)
    if (!each.ok) out.push_back({reports::one_line(each.text, most), step_at(attempt, each.at)});
  return out;
}

/// What is wrong with the case's failure on its mutant; "" when it is the stated one.
std::string not_as_stated(const Expected& expect, const reports::Case& one) {
  const auto verdict = std::string(to_string(one.verdict));
  if (verdict == "pass") return "survived: the case is green on the mutant";
  if (verdict != expect.verdict)
    return fmt::format("{} instead of {}: {}", verdict, expect.verdict, reports::why(one));
  const auto& attempt = one.telling();
  const std::string code = attempt.failure ? attempt.failure->code() : "";
  if (code != expect.code)
    return fmt::format("red, but with {} instead of {}: {}", code, expect.code, reports::why(one));
  const RE2 why(expect.why, RE2::Quiet);
  std::string elsewhere;
  for (const auto& wrong : wrongs_of(attempt)) {
    if (!RE2::PartialMatch(wrong.words, why)) continue;
    if (expect.step.empty() || wrong.step == expect.step) return {};
    elsewhere = wrong.step;
  }
  if (!elsewhere.empty())
    return fmt::format("red, but in {} instead of {}: {}", elsewhere, expect.step,
                       reports::why(one));
  return fmt::format("red, but not for the stated reason ({}): {}", expect.why, reports::why(one));
}

ProofRow row_of(const std::string& name, const ProofRun& run, const reports::RunRecord& good,
                const reports::RunRecord* bad) {
  ProofRow row;
  row.case_name = name;
  row.mutant = run.mutant.name;
  row.good = verdict_in(&good, name);
  row.bad = verdict_in(bad, name);
  row.neighbour = !contains(run.mutant.cases, name);
  const auto* one = bad == nullptr ? nullptr : find_case(*bad, name);
  if (one == nullptr) {
    row.why = "was not run on the mutant";
  } else if (row.neighbour) {
    row.proven = row.bad == "pass" || row.bad == "skip";
    row.why = row.proven ? "" : "a neighbour went red too: " + reports::why(*one);
  } else if (row.good != "pass") {
    row.why = fmt::format("is not green on the good OS ({})", row.good.empty() ? "-" : row.good);
  } else {
    const auto wrong = not_as_stated(run.mutant.expect, *one);
    row.proven = wrong.empty();
    row.why = wrong.empty() ? reports::why(*one) : wrong;
  }
  return row;
}

}  // namespace

std::size_t Proof::proven() const {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.proven; }));
}

int Proof::exit_code() const {
  int code = rows.empty() ? 3 : 0;
  for (const auto& row : rows) {
    if (row.proven) continue;
    const bool unjudged = row.bad.empty() || row.bad == "error" || row.bad == "timeout" ||
                          row.bad == "not_run" || row.good == "error" || row.good == "not_run";
    if (!unjudged || row.mutant.empty()) return 1;
    code = 3;
  }
  return code;
}

std::vector<ProofRun> plan_proof(const std::vector<model::SuiteInfo>& all,
                                 const std::vector<model::SuiteInfo>& chosen,
                                 const std::vector<Mutant>& mutants, bool neighbours) {
  const auto wanted = case_names(chosen);
  std::vector<ProofRun> out;
  for (const auto& mutant : mutants) {
    std::set<std::string> suites;
    std::vector<std::string> patterns;
    for (const auto& name : mutant.cases)
      if (contains(wanted, name)) {
        patterns.push_back(name);
        suites.insert(name.substr(0, name.find('.')));
      }
    if (patterns.empty()) continue;
    if (neighbours) patterns.assign(suites.begin(), suites.end());
    if (auto cases = choose(all, patterns)) out.push_back({mutant, std::move(*cases)});
  }
  return out;
}

std::vector<model::SuiteInfo> sample_of(const std::vector<model::SuiteInfo>& chosen,
                                        std::vector<Mutant>& mutants) {
  std::vector<Mutant> kept;
  std::vector<model::SuiteInfo> out;
  for (const auto& suite : chosen)
    for (const auto& mutant : mutants) {
      const auto one = std::find_if(suite.cases.begin(), suite.cases.end(), [&](const auto& info) {
        return contains(mutant.cases, info.full_name());
      });
      if (one == suite.cases.end()) continue;
      auto copy = suite;
      copy.cases = {*one};
      out.push_back(std::move(copy));
      kept.push_back(mutant);
      kept.back().cases = {one->full_name()};
      break;
    }
  mutants = std::move(kept);
  return out;
}

Proof judge(const std::vector<model::SuiteInfo>& chosen, const std::vector<ProofRun>& runs,
            const reports::RunRecord& good,
            const std::map<std::string, reports::RunRecord>& by_mutant) {
  Proof proof;
  for (const auto& name : case_names(chosen)) {
    bool has_mutant = false;
    for (const auto& run : runs) {
      if (!contains(run.mutant.cases, name)) continue;
      has_mutant = true;
      const auto bad = by_mutant.find(run.mutant.name);
      proof.rows.push_back(
          row_of(name, run, good, bad == by_mutant.end() ? nullptr : &bad->second));
    }
    if (!has_mutant)
      proof.rows.push_back({name, "", verdict_in(&good, name), "", false, false,
                            "no mutant turns it red: it is not a test yet"});
  }
  for (const auto& run : runs)
    for (const auto& name : case_names(run.cases)) {
      const auto bad = by_mutant.find(run.mutant.name);
      if (!contains(run.mutant.cases, name) && bad != by_mutant.end())
        proof.rows.push_back(row_of(name, run, good, &bad->second));
    }
  return proof;
}

std::string to_text(const Proof& proof, const Terminal& terminal) {
  std::size_t name = 4, mutant = 6;
  for (const auto& row : proof.rows) {
    name = std::max(name, row.case_name.size());
    mutant = std::max(mutant, row.mutant.size());
  }
  std::string out = fmt::format("{}  {}  good     on mutant  proof\n", fitted("case", name),
                                fitted("mutant", mutant));
  for (const auto& row : proof.rows) {
    const auto word = row.proven ? (row.neighbour ? "unhurt" : "proven") : "NOT PROVEN";
    out += fmt::format("{}  {}  {}  {}  {}\n", fitted(row.case_name, name),
                       fitted(row.mutant.empty() ? "-" : row.mutant, mutant),
                       fitted(row.good.empty() ? "-" : row.good, 7),
                       fitted(row.bad.empty() ? "-" : row.bad, 9),
                       terminal.paint(row.proven ? Colour::green : Colour::red, word));
    if (!row.why.empty()) out += terminal.paint(Colour::dim, "    " + row.why) + "\n";
  }
  return out + fmt::format("{} of {} proven\n", proof.proven(), proof.rows.size());
}

nlohmann::json to_json(const Proof& proof) {
  auto rows = nlohmann::json::array();
  for (const auto& row : proof.rows)
    rows.push_back({{"case", row.case_name},
                    {"mutant", row.mutant},
                    {"good", row.good},
                    {"on_mutant", row.bad},
                    {"neighbour", row.neighbour},
                    {"proven", row.proven},
                    {"why", row.why}});
  return {{"proven", proof.proven()},
          {"of", proof.rows.size()},
          {"exit_code", proof.exit_code()},
          {"rows", rows}};
}

}  // namespace seatrial::cli
