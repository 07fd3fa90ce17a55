// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one table of verbs: parser, help, completion and documentation read it. Adding a verb is a
// file under verbs/ and a line in table.cpp.

#include <string>
#include <vector>

#include "core/cli/verb.hpp"

namespace seatrial::cli {

const std::vector<const Verb*>& verbs();
/// By full name ("image build"); nullptr when there is none.
const Verb* find_verb(std::string_view name);
/// Every full name.
std::vector<std::string> verb_names();

}  // namespace seatrial::cli
