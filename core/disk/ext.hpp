// SPDX-License-Identifier: Apache-2.0
#pragma once
// ext2/3/4 file systems, read without mounting, by debugfs. Give a private copy of the window to
// see what a kernel would see: then the journal is replayed first (e2fsck -E journal_only), which
// an image that is looked at must never be.

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/disk/disk.hpp"

namespace seatrial::disk {

class Ext {
 public:
  /// With `replay`, `window` must be a private copy.
  static Result<Ext> open(Window window, bool replay);
  Result<std::string> read(const std::string& path) const;
  Result<std::vector<std::string>> list(const std::string& path) const;
  /// The target of a symbolic link.
  Result<std::string> link_target(const std::string& path) const;

 private:
  explicit Ext(Window window) : window_(std::move(window)) {}
  Result<std::string> debugfs(const std::string& request, const std::string& path) const;
  Window window_;
};

}  // namespace seatrial::disk
