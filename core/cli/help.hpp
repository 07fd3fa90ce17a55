// SPDX-License-Identifier: Apache-2.0
#pragma once
// Help texts made from the verb table, laid out like a manual page.

#include <string>
#include <string_view>

#include "core/cli/verb.hpp"

namespace seatrial::cli {

/// NAME, SYNOPSIS, the verbs by one line each, exit codes, environment, files.
std::string program_help();
/// The sub-verbs of a group such as "image".
std::string group_help(std::string_view group);
/// NAME, SYNOPSIS, DESCRIPTION, OPTIONS, EXAMPLES, EXIT STATUS.
std::string verb_help(const Verb& verb);
/// Words wrapped to `width` columns, each line indented by `indent`; blank lines part paragraphs.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width = 80);

}  // namespace seatrial::cli
