// SPDX-License-Identifier: Apache-2.0
#pragma once
// Packed disk images into raw ones: gzip, xz, zstd, bzip2, and zip or tar holding one file
// (libarchive behind it). Runs of zeros become holes. The input is foreign: anything wrong with it
// is a failure, never more. Blocking.

#include <cstdint>
#include <filesystem>
#include <functional>

#include "core/base/result.hpp"

namespace seatrial::disk {

/// Writes the one file inside `packed` to `into`; `progress` hears the bytes written so far, about
/// every 64 MB. Fails with image.damaged_archive, image.unknown_compression or image.empty.
Result<> unpack(const std::filesystem::path& packed, const std::filesystem::path& into,
                const std::function<void(std::uint64_t)>& progress = {});

}  // namespace seatrial::disk
