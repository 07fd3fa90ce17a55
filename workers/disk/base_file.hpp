// SPDX-License-Identifier: Apache-2.0
#pragma once
// BaseFile: the raw image that a disk begins as; read-only, shared by any number of disks, zeros
// behind its end (a disk may be larger than its image). And raw_base(), which makes a raw image of
// one that is qcow2, once, in the cache. Blocking.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/result.hpp"
#include "core/io/cache.hpp"
#include "core/io/fd.hpp"

namespace seatrial::cutdisk {

class BaseFile {
 public:
  /// An empty path: an empty disk. Fails with "disk.base_not_raw" for a qcow2 file.
  static Result<BaseFile> open(const std::filesystem::path& path);
  std::uint64_t size() const { return size_; }
  Result<> read(std::uint64_t offset, std::span<char> into) const;
  /// Of the file and its state: another one after any change of it.
  std::uint64_t identity() const { return identity_; }
  int fd() const { return fd_.get(); }
  /// The next byte at or behind `at` that is not in a hole, size() when there is none.
  std::uint64_t next_data(std::uint64_t at) const;
  /// The end of the data that begins at `at`.
  std::uint64_t end_of_data(std::uint64_t at) const;

 private:
  io::UniqueFd fd_;
  std::filesystem::path path_;
  std::uint64_t size_ = 0;
  std::uint64_t identity_ = 0;
};

/// `image` itself when it is raw; else a raw, sparse copy of what it holds, made once for each
/// `digest` (of the file). Images of the catalogue are raw already.
Result<std::filesystem::path> raw_base(const std::filesystem::path& image,
                                       const std::string& digest, io::Cache& cache);

}  // namespace seatrial::cutdisk
