// SPDX-License-Identifier: Apache-2.0
#pragma once
// Shell: commands and files on the DUT, over whatever carries them (SSH here; the console
// elsewhere). A command that ends is a value, whatever its exit code; only a transport that broke
// is a failure (see ssh_code in ssh.hpp), of blame unknown: the boot tracker knows what the device
// did.

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/base/within.hpp"

namespace seatrial::dut {

struct RunRequest {
  RunRequest(std::string command, Duration budget) : command(std::move(command)), budget(budget) {}
  std::string command;  ///< for the DUT's /bin/sh
  std::string input;    ///< its stdin, binary
  Duration budget;
  std::size_t most = 4u << 20;  ///< bytes kept of each stream; the rest is counted, not kept
};

struct RunResult {
  int exit_code = 0;  ///< as the DUT's shell says it: 128 + n for signal n
  std::string out;
  std::string err;
  std::uint64_t out_dropped = 0;  ///< bytes beyond `most`
  std::uint64_t err_dropped = 0;
  Duration took{};
  bool ok() const { return exit_code == 0; }
};

class Shell {
 public:
  virtual ~Shell() = default;
  virtual Task<Result<RunResult>> run(RunRequest request) = 0;
  /// Local file to DUT: written beside the target, sha256 compared there, renamed over it.
  virtual Task<Result<>> put(std::filesystem::path local, std::string remote, unsigned mode,
                             Duration budget) = 0;
  /// DUT file to local file, atomically; sha256 compared with what the DUT says. A file that grows
  /// meanwhile (logs): `verify` false.
  virtual Task<Result<>> get(std::string remote, std::filesystem::path local, Duration budget,
                             bool verify = true) = 0;
};

/// 'word' for /bin/sh, whatever is in it.
std::string shell_quote(std::string_view word);

}  // namespace seatrial::dut
