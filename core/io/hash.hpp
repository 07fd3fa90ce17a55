// SPDX-License-Identifier: Apache-2.0
#pragma once
// SHA-256, the digest by which images, bundles, suites and blobs are named. Lower-case hexadecimal.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace seatrial::io {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  /// The digest of all bytes so far; ends the use of this object.
  std::string hex();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string sha256(std::string_view bytes);
Result<std::string> sha256_file(const std::filesystem::path& path);

}  // namespace seatrial::io
