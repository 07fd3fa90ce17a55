// SPDX-License-Identifier: Apache-2.0
#pragma once
// The key that leaves a console, and what is typed before it. Pure functions.

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace seatrial::cli {

inline constexpr char kLeaveKey = 0x1d;  ///< Ctrl-]

/// "^]", "ctrl-a", "Ctrl-X", or "none": no key leaves. Anything else is wrong usage.
Result<std::optional<char>> parse_key(std::string_view text);
/// "Ctrl-]"
std::string key_name(char key);

struct Typed {
  std::string bytes;   ///< for the console
  bool leave = false;  ///< the key came; what was typed behind it is dropped
};
Typed typed(std::string_view input, std::optional<char> leave_key);

}  // namespace seatrial::cli
