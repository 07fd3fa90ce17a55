// SPDX-License-Identifier: Apache-2.0
#pragma once
// How long each case took in earlier runs on a device type, for estimates. One small JSON file in
// the cache; losing it costs better guesses, nothing else.

#include <filesystem>
#include <map>
#include <string>

#include "core/model/case_info.hpp"

namespace seatrial::cli {

class Durations {
 public:
  static Durations load(const std::filesystem::path& cache_root, std::string device);
  /// What the case took before, else a fifth of its budget (quiet figures are about that).
  double expected(const model::CaseInfo& info) const;
  /// Weighs the newest run half, so that a change of the machine is learnt quickly.
  void learn(const std::string& full_name, double seconds);
  void save() const;

 private:
  std::filesystem::path file_;
  std::string device_;
  std::map<std::string, double> seconds_;
};

}  // namespace seatrial::cli
