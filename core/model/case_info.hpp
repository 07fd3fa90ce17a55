// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a suite binary says about its cases, as JSON on stdout of `<suite> --list`; read by the
// command line and the bench host. A suite is asked, never guessed, so that an old or foreign suite
// binary works: keys that the reader does not know are left alone, a list without "schema" is one
// of schema 1.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::model {

inline constexpr int kCasesSchema = 1;  ///< raised when an old reader would do the wrong thing

struct CaseInfo {
  std::string suite;               ///< "update"
  std::string name;                ///< "good_update_is_kept"
  std::string doc;                 ///< one sentence: what it proves
  std::vector<std::string> needs;  ///< capabilities
  std::string checkpoint;          ///< where it starts: "fresh", "booted", "provisioned"
  double budget_seconds = 0;       ///< guard deadline of the case, reference seconds
  std::vector<std::string>
      images;  ///< catalogue names beside the image under test ("{next}+init_broken")
  std::vector<std::string> mutants;  ///< mutants that must turn it red
  std::string full_name() const { return suite + "." + name; }
};

struct SuiteInfo {
  std::string name;
  std::string path;
  std::string digest;
  std::vector<CaseInfo> cases;
};

/// The role that a declared image has in a run: "{next}+init_broken" is "next+init_broken".
std::string role_of(const std::string& declared);

nlohmann::json to_json(const CaseInfo& info);
/// {"schema": 1, "cases": [...]}
nlohmann::json to_json(const std::vector<CaseInfo>& cases);
/// That, or the bare list.
Result<std::vector<CaseInfo>> cases_from_json(std::string_view text, const std::string& source);

}  // namespace seatrial::model
