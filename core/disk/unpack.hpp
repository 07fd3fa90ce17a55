// SPDX-License-Identifier: Apache-2.0
#pragma once
// Compressed images: told apart by their first bytes, unpacked once into the cache under the digest
// of the compressed file (libarchive: gzip, xz, zstd, bzip2, lz4, zip). Sparse, bounded by free
// space.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/io/cache.hpp"

namespace seatrial::disk {

struct Compression {
  std::string name;    ///< "gzip", "7z"; empty: not compressed as far as one can tell
  bool known = false;  ///< can be unpacked
};
/// By magic bytes; by the file name only for formats without any.
Compression compression_of(std::string_view head, const std::filesystem::path& path);
Failure unknown_compression(const std::filesystem::path& path, std::string_view name);

/// `path` itself when it is not compressed; else the unpacked image in the cache. Fails with
/// image.missing, image.empty, image.truncated, image.unknown_compression, file.disk_full.
/// `progress` gets the share of compressed bytes read.
Result<std::filesystem::path> unpacked_image(const std::filesystem::path& path, io::Cache& cache,
                                             const std::function<void(double)>& progress = {});

}  // namespace seatrial::disk
