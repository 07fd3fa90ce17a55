// SPDX-License-Identifier: Apache-2.0
#pragma once
// Part of seatrial-guard: a command that puts the bench into its safe state (power off by relay,
// card back to the host) once the owner is dead. Standard library and system calls only; one
// thread.

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seatrial::guard {

struct SafeCommand {
  std::string id;
  double seconds = 0;
  std::vector<std::string> argv;  ///< at least the program
};

/// One word of a line: %XX stands for a byte. nullopt: not encoded as agreed.
std::optional<std::string> decoded(std::string_view word);
/// "ID SECONDS ARGV..."; nullopt: not as agreed.
std::optional<SafeCommand> parse_safe_command(std::string_view rest);

/// Runs it to its end, or kills it and its group when its seconds are over. `log` (may be null)
/// gets what it prints and how it ended; never the arguments, which may hold a password.
void run_safe_command(const SafeCommand& command, FILE* log);

}  // namespace seatrial::guard
