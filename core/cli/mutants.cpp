// SPDX-License-Identifier: Apache-2.0
#include "core/cli/mutants.hpp"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "core/base/text.hpp"
#include "core/cli/suites.hpp"
#include "core/model/json.hpp"

namespace seatrial::cli {
namespace fs = std::filesystem;
namespace {

void add_case(Mutant& mutant, const std::string& name) {
  if (std::find(mutant.cases.begin(), mutant.cases.end(), name) == mutant.cases.end())
    mutant.cases.push_back(name);
}

Result<> read_expected(const model::Document& document, model::Fields& fields, Expected& into) {
  auto expect = fields.object("expect", /*is_required=*/true);
  if (!expect) return fields.finish();
  expect->required("verdict", into.verdict).required("code", into.code).required("why", into.why);
  expect->optional("step", into.step);
  CHECK_OK(expect->finish());
  if (into.verdict != "fail" && into.verdict != "error" && into.verdict != "timeout")
    return document.complaint("expect.verdict", "must be fail, error or timeout");
  const RE2 why(into.why, RE2::Quiet);
  if (!why.ok())
    return document.complaint("expect.why", "is no regular expression: " + why.error());
  if (into.code.empty()) return document.complaint("expect.code", "must not be empty");
  if (RE2::PartialMatch("", why))
    return document.complaint("expect.why", "matches every failure: say what the case must see");
  return {};
}

/// `known`: a case that a mutant.json names but no suite has is left out, so that a mutant may be
/// written before its case.
Result<> read_mutant(const fs::path& file, const std::vector<std::string>& known, Mutant& into) {
  TRY(const auto document, model::Document::load(file));
  model::Fields fields(document);
  std::string named;
  fields.required("description", into.description).optional("case", named);
  fields.optional("applies_to", into.applies_to);
  CHECK_OK(read_expected(document, fields, into.expect));
  std::vector<std::string> of_the_builder;
  fields.optional("whiteouts", of_the_builder).optional("boot_remove", of_the_builder);
  CHECK_OK(fields.finish());
  if (std::find(known.begin(), known.end(), named) != known.end()) add_case(into, named);
  return {};
}

}  // namespace

Result<std::vector<Mutant>> load_mutants(const std::vector<model::SuiteInfo>& suites,
                                         const fs::path& refos_data) {
  std::map<std::string, Mutant> all;
  std::vector<std::string> there;
  const auto known = case_names(suites);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(refos_data / "mutants", error)) {
    const auto file = entry.path() / "mutant.json";
    if (!fs::exists(file, error)) continue;
    there.push_back(entry.path().filename().string());
    CHECK_OK(read_mutant(file, known, all[there.back()]));
  }
  for (const auto& suite : suites)
    for (const auto& info : suite.cases)
      for (const auto& name : info.mutants) {
        if (!all.contains(name))
          return Failure(
              "mutant.unknown", Blame::suite,
              fmt::format("{} names the mutant {}, and there is no {}", info.full_name(), name,
                          (refos_data / "mutants" / name / "mutant.json").string()),
              fmt::format("{} write it, or name another in mutants(...) of the case",
                          did_you_mean(name, there)));
        add_case(all[name], info.full_name());
      }
  std::vector<Mutant> out;
  for (auto& [name, mutant] : all) {
    mutant.name = name;
    if (mutant.applies_to.empty()) mutant.applies_to = {"image"};
    if (!mutant.cases.empty()) out.push_back(std::move(mutant));
  }
  return out;
}

}  // namespace seatrial::cli
