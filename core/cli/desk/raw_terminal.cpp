// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/raw_terminal.hpp"

#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

namespace seatrial::cli {
namespace {

constexpr std::array kCrashes{SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

// For the handlers, which can see nothing else. tcsetattr(3) is async-signal-safe.
termios crash_saved{};
volatile std::sig_atomic_t crash_fd = -1;

void on_crash(int signal) {
  if (crash_fd >= 0) ::tcsetattr(crash_fd, TCSANOW, &crash_saved);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

struct RawTerminal::State {
  int fd = -1;
  termios saved{}, raw{};
  std::array<struct sigaction, kCrashes.size()> before{};
};

RawTerminal::RawTerminal(std::unique_ptr<State> state) : state_(std::move(state)) {}
RawTerminal::RawTerminal(RawTerminal&&) noexcept = default;

Result<RawTerminal> RawTerminal::enter(int fd) {
  auto state = std::make_unique<State>();
  state->fd = fd;
  if (::tcgetattr(fd, &state->saved) != 0)
    return Failure("terminal.raw", Blame::suite,
                   fmt::format("the terminal cannot be read: {}", std::strerror(errno)),
                   "run it in a terminal, or feed it from a pipe");
  state->raw = state->saved;
  ::cfmakeraw(&state->raw);
  crash_saved = state->saved;
  crash_fd = fd;
  struct sigaction action {};
  action.sa_handler = on_crash;
  for (std::size_t i = 0; i < kCrashes.size(); ++i)
    ::sigaction(kCrashes[i], &action, &state->before[i]);
  RawTerminal out(std::move(state));
  out.resume();
  return out;
}

RawTerminal::~RawTerminal() {
  if (!state_) return;
  suspend();
  crash_fd = -1;
  for (std::size_t i = 0; i < kCrashes.size(); ++i)
    ::sigaction(kCrashes[i], &state_->before[i], nullptr);
}

// TCSADRAIN: what was typed ahead is kept. A terminal that has hung up cannot be set, and need not.
void RawTerminal::suspend() { ::tcsetattr(state_->fd, TCSADRAIN, &state_->saved); }
void RawTerminal::resume() { ::tcsetattr(state_->fd, TCSADRAIN, &state_->raw); }

}  // namespace seatrial::cli
