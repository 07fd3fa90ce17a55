// SPDX-License-Identifier: Apache-2.0
#pragma once
// The tiny OS: a disk with one FAT partition named resin-boot whose boot sector is the tiny guest
// of tests/workers/qemu/tiny_guest.S. It says "R" on the console a tenth of a second after
// power-on.

#include <filesystem>
#include <string>

#include "core/base/result.hpp"

namespace seatrial::e2e {

/// Makes tiny-os.img in `folder`, with `config` as config.json; without one when it is empty.
Result<std::filesystem::path> make_tiny_os(const std::filesystem::path& folder,
                                           const std::string& config = "{}");

}  // namespace seatrial::e2e
