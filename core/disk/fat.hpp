// SPDX-License-Identifier: Apache-2.0
#pragma once
// FAT file systems, read and edited without mounting, by mtools. Paths are absolute within the file
// system. Names that mtools would take for patterns are refused.

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/disk/disk.hpp"

namespace seatrial::disk {

class Fat {
 public:
  explicit Fat(Window window) : window_(std::move(window)) {}

  Result<std::string> read(const std::string& path) const;
  Result<std::vector<std::string>> list(const std::string& path) const;
  /// Copies everything below the root to a folder of the host that exists, in one go.
  Result<> copy_all(const std::filesystem::path& to) const;
  /// Creates or replaces a file; missing folders are made.
  Result<> write(const std::string& path, const std::string& content) const;
  Result<> remove(const std::string& path) const;
  Result<std::string> label() const;

 private:
  Window window_;
};

}  // namespace seatrial::disk
