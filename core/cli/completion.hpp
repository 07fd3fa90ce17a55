// SPDX-License-Identifier: Apache-2.0
#pragma once
// Completion scripts for bash, zsh and fish, written from the verb table. Words that change (cases,
// images, ...) are asked of `seatrial complete KIND` when the key is pressed.

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/cli/verb.hpp"

namespace seatrial::cli {

/// "bash", "zsh" or "fish".
Result<std::string> completion_script(const std::string& shell);
/// The word of `seatrial complete` for a kind; "" where the shell completes by itself.
std::string_view kind_word(Words words);

}  // namespace seatrial::cli
