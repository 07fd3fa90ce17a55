// SPDX-License-Identifier: Apache-2.0
// seatrial-switch SETTINGS.json: a user-space Ethernet switch between QEMU's NICs, taps and
// interfaces. Prints {"ready":true} when its control socket answers; SIGTERM ends it in good order.
// Settings: workers/network/switch/settings.hpp; control: switch_program.hpp.
#include <fmt/core.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <cstdio>

#include "core/io/file.hpp"
#include "workers/network/switch/switch_program.hpp"

namespace seatrial::network {
namespace {

Result<> run(const char* file) {
  TRY(auto text, io::read_file(file, 1u << 20));
  TRY(const auto settings, read_switch_settings(std::move(text), file));
  TRY(auto loop, Loop::make());
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&ends, signal);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  const io::UniqueFd signals(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
  const Loop::Watched watched(loop, signals.get(), EPOLLIN,
                              [&loop](std::uint32_t) { loop.stop(); });
  TRY(const auto program, SwitchProgram::make(loop, settings));
  std::puts("{\"ready\":true}");
  std::fflush(stdout);
  return program->run();
}

}  // namespace
}  // namespace seatrial::network

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: seatrial-switch SETTINGS.json\n");
    return 2;
  }
  ::signal(SIGPIPE, SIG_IGN);
  const auto done = seatrial::network::run(argv[1]);
  if (done) return 0;
  fmt::print(stderr, "seatrial-switch: {}\n", done.error().describe());
  return 1;
}
