// SPDX-License-Identifier: Apache-2.0
#pragma once
// The environment block of GRUB: "# GRUB Environment Block", then name=value lines, filled up with
// '#' to 1024 bytes. What an OS writes may have trailing spaces and another size; both are accepted
// when reading.

#include <map>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace seatrial::disk {

inline constexpr std::size_t kGrubenvSize = 1024;

/// Fails with "disk.bad_grubenv" when the signature is missing.
Result<std::map<std::string, std::string>> parse_grubenv(std::string_view block);
/// Exactly 1024 bytes; fails with "disk.grubenv_full" when they do not suffice.
Result<std::string> format_grubenv(const std::map<std::string, std::string>& variables);

}  // namespace seatrial::disk
