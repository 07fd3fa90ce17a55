// SPDX-License-Identifier: Apache-2.0
#pragma once
// A shell, or one command, on the DUT of a desk bench: waits for the DUT with progress, then runs
// the system's SSH client over the bench's own connection, on our terminal. The words of a command
// arrive on the DUT as they were given; a single word is a line for its shell.

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/cli/desk/visit.hpp"

namespace seatrial::cli {

struct ShellAccess {
  std::string program, host;
  std::vector<std::string> arguments;
};

/// Waits until commands can be run, and says so on stderr meanwhile. `power_on`: a DUT that has
/// just been set up is switched on first. Fails with "power.off" when the DUT is off.
Task<Result<int>> reach_shell(ClientPtr client, bool power_on, bool quiet, ShellAccess* access);

/// The line for the DUT's shell; "" for an interactive one.
std::string remote_line(const std::vector<std::string>& words);

/// Runs it and carries its exit code: 128 + n for a signal. "ssh.lost" when the connection broke.
Result<int> run_shell(const ShellAccess& access, const std::vector<std::string>& words,
                      bool terminal);

}  // namespace seatrial::cli
