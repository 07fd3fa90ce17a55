// SPDX-License-Identifier: Apache-2.0
#pragma once
// The console of a desk bench on our own terminal, or between pipes. What comes is written as it
// is; what is typed goes through, but for the key that leaves. Fed from a pipe, it waits for the
// login prompt of a DUT that still boots, hands on line by line as the console answers, and ends
// when the console has been silent for a while after the last one.

#include <optional>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/cli/desk/visit.hpp"
#include "core/cli/terminal.hpp"

namespace seatrial::cli {

struct ConsoleOptions {
  int backlog = 20;
  std::optional<char> leave_key;
  double linger = 3;      ///< seconds of silence after the end of a pipe
  bool follow = false;    ///< go on after the end of a pipe
  bool power_on = false;  ///< switch the DUT on when the console is attached
  int in = 0, out = 1;
  Terminal notices = Terminal::of(2);
};

/// The exit code: 0 when the user has left or the desk bench was ended in good order; a failure
/// when the console ended under it.
Task<Result<int>> watch_console(ClientPtr client, ConsoleOptions options);

}  // namespace seatrial::cli
