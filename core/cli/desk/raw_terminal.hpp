// SPDX-License-Identifier: Apache-2.0
#pragma once
// RawTerminal: a terminal whose keys go through untouched, for as long as this object lives. It is
// put back on every way out: destruction, and the signals of a crash (SIGSEGV, SIGABRT ...), whose
// handlers stand while it is raw. SIGTERM and friends are for the owner to turn into destruction;
// for SIGTSTP there are suspend() and resume(). One at a time per process, main thread.

#include <memory>

#include "core/base/result.hpp"

namespace seatrial::cli {

class RawTerminal {
 public:
  /// Fails with "terminal.raw" when `fd` is no terminal that can be set.
  static Result<RawTerminal> enter(int fd);
  RawTerminal(RawTerminal&&) noexcept;
  ~RawTerminal();

  void suspend();
  void resume();

 private:
  struct State;
  explicit RawTerminal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace seatrial::cli
