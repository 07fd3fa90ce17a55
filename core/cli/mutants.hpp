// SPDX-License-Identifier: Apache-2.0
#pragma once
// Mutants: deliberately broken systems that must turn certain cases red. Which cases is said by the
// cases themselves (and by the mutant); what a mutant is made of, and what is expected of it, by
// fixtures/refos/mutants/<name>/mutant.json.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/case_info.hpp"

namespace seatrial::cli {

struct Mutant {
  std::string name, description;
  std::vector<std::string> cases;       ///< that it must turn red, full names
  std::vector<std::string> applies_to;  ///< "image", "bundle"; default: image
  std::string verdict = "fail";         ///< expected of these cases
  std::string code;                     ///< of the failure; "" = any
  std::string why;                      ///< RE2 that the failure's words must match; "" = any
};

/// Every mutant that a case of these suites names, or that a mutant.json names a case for, by name.
/// One without a mutant.json has no description.
Result<std::vector<Mutant>> load_mutants(const std::vector<model::SuiteInfo>& suites,
                                         const std::filesystem::path& refos_data);

}  // namespace seatrial::cli
