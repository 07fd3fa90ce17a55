// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether an image on disk is what its catalogue says. An overlay proves nothing about its base: a
// cache that rots would make a good product red, under the right name. Hashed once for each state
// of the file (inode, size, time of change), which a stamp in the cache remembers. Blocking.

#include <filesystem>
#include <string>

#include "core/base/result.hpp"

namespace seatrial::flash {

/// Fails with "image.changed" when the content has another SHA-256 than `digest`. `cache`: where
/// stamps are kept; may be empty.
Result<> verify_base(const std::filesystem::path& image, const std::string& digest,
                     const std::filesystem::path& cache);

}  // namespace seatrial::flash
