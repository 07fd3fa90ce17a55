// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where this installation keeps its programs, suites and device types. Two layouts, found from the
// path of the running program: a build tree (bin/seatrial, bin/suites/) and an installed prefix
// (bin/seatrial, libexec/seatrial/, share/seatrial/devices). SEATRIAL_SUITES and SEATRIAL_DEVICES
// override.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::cli {

class Installation {
 public:
  static Installation find();

  /// The path of a helper program such as "seatrial-bench"; "installation.incomplete" without it.
  Result<std::filesystem::path> program(const std::string& name) const;
  /// Every suite binary, by name.
  std::vector<std::filesystem::path> suites() const;
  const std::filesystem::path& suites_folder() const { return suites_; }
  const std::filesystem::path& devices() const { return devices_; }

 private:
  std::filesystem::path bin_, libexec_, suites_, devices_;
};

}  // namespace seatrial::cli
