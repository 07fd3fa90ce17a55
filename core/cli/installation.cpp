// SPDX-License-Identifier: Apache-2.0
#include "core/cli/installation.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace seatrial::cli {
namespace fs = std::filesystem;
namespace {

fs::path overridden(const char* variable, fs::path otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? fs::absolute(value) : otherwise;
}

bool is_program(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Installation Installation::find() {
  std::error_code error;
  Installation out;
  out.bin_ = fs::read_symlink("/proc/self/exe", error).parent_path();
  const auto prefix = out.bin_.parent_path();
  out.libexec_ = prefix / "libexec" / "seatrial";
  auto suites = out.bin_ / "suites";
  if (!fs::is_directory(suites, error)) suites = out.libexec_ / "suites";
  out.suites_ = overridden("SEATRIAL_SUITES", suites);
  auto devices = prefix / "share" / "seatrial" / "devices";
  if (!fs::is_directory(devices, error)) devices = SEATRIAL_SOURCE_DIR "/devices";
  out.devices_ = overridden("SEATRIAL_DEVICES", devices);
  return out;
}

Result<fs::path> Installation::program(const std::string& name) const {
  for (const auto& folder : {bin_, libexec_})
    if (is_program(folder / name)) return folder / name;
  return Failure("installation.incomplete", Blame::seatrial,
                 fmt::format("{} is not beside this program (in {} or {})", name, bin_.string(),
                             libexec_.string()),
                 "build it: ./sea build");
}

std::vector<fs::path> Installation::suites() const {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(suites_, error))
    if (is_program(entry.path()) && entry.path().extension().empty()) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace seatrial::cli
