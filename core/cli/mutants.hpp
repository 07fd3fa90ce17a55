// SPDX-License-Identifier: Apache-2.0
#pragma once
// Mutants: deliberately broken systems that must turn certain cases red. Which cases is said by the
// cases themselves (and by the mutant); what a mutant is made of, and what is expected of it, by
// fixtures/refos/mutants/<name>/mutant.json. The expectation is mandatory: without it any failure
// would do as a proof, also that of a system that does not even boot.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/case_info.hpp"

namespace seatrial::cli {

/// How a case must go red on a mutant.
struct Expected {
  std::string verdict;  ///< "fail", "error" or "timeout"
  std::string code;     ///< of the failure; "expectation.failed" when an EXPECT or ASSERT made it
  std::string why;      ///< RE2 that the words of the failure or of a failed expectation match
  std::string step;     ///< name of the step where it goes red, "console.expect"; "" = any
};

struct Mutant {
  std::string name, description;
  std::vector<std::string> cases;       ///< that it must turn red, full names
  std::vector<std::string> applies_to;  ///< "image", "bundle", "bundle+SABOTAGE"; default: image
  Expected expect;
};

/// Every mutant that a case of these suites names, or that a mutant.json names a case for, by name.
/// "mutant.unknown" when a case names one that has no mutant.json.
Result<std::vector<Mutant>> load_mutants(const std::vector<model::SuiteInfo>& suites,
                                         const std::filesystem::path& refos_data);

}  // namespace seatrial::cli
