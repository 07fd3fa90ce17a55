// SPDX-License-Identifier: Apache-2.0
#pragma once
// Waiting: one thing that takes a while, on stderr: on a TTY one line that is redrawn with the
// seconds, elsewhere a line with what is waited for at the beginning, at each change, and every
// half minute. Leaves nothing on a TTY.

#include <string>

#include "core/base/clock.hpp"
#include "core/cli/run/display.hpp"

namespace seatrial::cli {

class Waiting {
 public:
  /// `what`: "waiting for the shell".
  Waiting(std::string what, Terminal terminal, Sink sink);
  /// For stderr of this process.
  static Waiting on_stderr(std::string what, bool quiet);
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  /// How far it is: "the kernel runs". Call about once a second.
  void tick(const std::string& how_far);

 private:
  std::string what_, last_;
  Terminal terminal_;
  Sink sink_;
  Duration began_, told_;
  bool drawn_ = false;
};

}  // namespace seatrial::cli
