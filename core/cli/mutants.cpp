// SPDX-License-Identifier: Apache-2.0
#include "core/cli/mutants.hpp"

#include <algorithm>
#include <map>

#include "core/cli/suites.hpp"
#include "core/model/json.hpp"

namespace seatrial::cli {
namespace fs = std::filesystem;
namespace {

void add_case(Mutant& mutant, const std::string& name) {
  if (std::find(mutant.cases.begin(), mutant.cases.end(), name) == mutant.cases.end())
    mutant.cases.push_back(name);
}

/// `known`: a case that a mutant.json names but no suite has is left out, so that a mutant may be
/// written before its case.
Result<> read_mutant(const fs::path& file, const std::vector<std::string>& known, Mutant& into) {
  TRY(const auto document, model::Document::load(file));
  model::Fields fields(document);
  std::string named;
  fields.required("description", into.description).optional("case", named);
  fields.optional("applies_to", into.applies_to);
  if (auto expect = fields.object("expect")) {
    expect->optional("verdict", into.verdict).optional("code", into.code);
    expect->optional("why", into.why);
    CHECK_OK(expect->finish());
  }
  // The other keys are the builder's.
  if (std::find(known.begin(), known.end(), named) != known.end()) add_case(into, named);
  return {};
}

}  // namespace

Result<std::vector<Mutant>> load_mutants(const std::vector<model::SuiteInfo>& suites,
                                         const fs::path& refos_data) {
  std::map<std::string, Mutant> all;
  for (const auto& suite : suites)
    for (const auto& info : suite.cases)
      for (const auto& name : info.mutants) add_case(all[name], info.full_name());
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(refos_data / "mutants", error)) {
    const auto file = entry.path() / "mutant.json";
    if (!fs::exists(file, error)) continue;
    CHECK_OK(read_mutant(file, case_names(suites), all[entry.path().filename().string()]));
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
