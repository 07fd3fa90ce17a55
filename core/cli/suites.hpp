// SPDX-License-Identifier: Apache-2.0
#pragma once
// The suites of this installation and the choice of cases among them. A suite binary is asked what
// it holds (`<suite> --list`); the answer is cached by the binary's digest, and the digest by size
// and times, so that listing costs no process start when nothing changed.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/cli/installation.hpp"
#include "core/model/case_info.hpp"

namespace seatrial::cli {

/// All suites. A binary that cannot be asked is a failure that names it.
Result<std::vector<model::SuiteInfo>> load_suites(const Installation& installation,
                                                  const std::filesystem::path& cache_root);

/// The cases that the patterns name, in order of suite and case: "smoke", "smoke.boots_to_login",
/// globs over either form. No pattern chooses all. A pattern that names nothing is a usage failure
/// with the nearest names.
Result<std::vector<model::SuiteInfo>> choose(const std::vector<model::SuiteInfo>& all,
                                             const std::vector<std::string>& patterns);

/// Which part of the chosen cases to keep, and in which order.
struct Order {
  std::string from;   ///< skip the cases before this one (a pattern); "" = from the first
  std::string shard;  ///< "2/3": the second of three parts; "" = all
  bool shuffle = false;
  std::uint64_t seed = 0;
};
Result<std::vector<model::SuiteInfo>> arrange(std::vector<model::SuiteInfo> chosen,
                                              const Order& order);

std::size_t count_cases(const std::vector<model::SuiteInfo>& suites);
std::vector<std::string> case_names(const std::vector<model::SuiteInfo>& suites);

}  // namespace seatrial::cli
