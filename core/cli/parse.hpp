// SPDX-License-Identifier: Apache-2.0
#pragma once
// Words of a command line into an Invocation, by the verb table (CLI11 behind it). Wrong words are
// answered with the nearest right ones.

#include <string>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/cli/verb.hpp"

namespace seatrial::cli {

/// What else a command line may ask for.
struct WantsVersion {};
struct WantsHelp {
  const Verb* verb = nullptr;  ///< nullptr: the whole program
  std::string group;           ///< "image": its sub-verbs; "" otherwise
};
using Parsed = std::variant<Invocation, WantsVersion, WantsHelp>;

/// `words` without the program's name.
Result<Parsed> parse(const std::vector<std::string>& words);

}  // namespace seatrial::cli
