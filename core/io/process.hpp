// SPDX-License-Identifier: Apache-2.0
#pragma once
// Child processes (Boost.Process v2 behind it). Every child leads a process group of its own and
// gets SIGKILL when its parent dies; stopping one kills its whole group, so no grandchild outlives
// it. Descriptors are not inherited but for stdio and the ones listed. Lives on the io_context
// thread of its parent.

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/base/within.hpp"
#include "core/io/fd.hpp"

namespace seatrial::io {

/// What to start. A builder, because a braced list inside co_await crashes g++ 12.
///   cmd("qemu-img").arg("create").arg("-f").arg("qcow2")
struct Command {
  std::string program;  ///< a path, or a name looked up in PATH (and the sbin folders)
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  ///< added to this process's environment
  std::vector<std::string> unset;                        ///< removed from it
  std::filesystem::path cwd;
  std::filesystem::path stdin_file;   ///< empty: /dev/null
  std::filesystem::path stdout_file;  ///< empty: see keep_stdout; appended to
  std::filesystem::path stderr_file;
  std::string input;                                  ///< written to stdin by run()
  std::vector<int> pass_fds;                          ///< kept open in the child, same numbers
  int stdin_fd = -1, stdout_fd = -1, stderr_fd = -1;  ///< used as they are when >= 0
  bool inherit_stdio = false;                         ///< child shares our terminal
  bool new_session = false;                           ///< setsid: survives the terminal's signals
  bool die_with_parent = true;
  std::vector<int> ignored_signals;  ///< from its first instruction on

  Command&& arg(std::string value) && {
    args.push_back(std::move(value));
    return std::move(*this);
  }
  Command& arg(std::string value) & {
    args.push_back(std::move(value));
    return *this;
  }
  Command&& with_env(std::string k, std::string v) && {
    env.emplace_back(std::move(k), std::move(v));
    return std::move(*this);
  }
  /// For messages: "qemu-img create -f qcow2 ..."
  std::string describe() const;
};
inline Command cmd(std::string program) { return Command{.program = std::move(program)}; }

struct ExitStatus {
  int code = 0;    ///< exit code, when signal == 0
  int signal = 0;  ///< the signal that ended it, or 0
  bool ok() const { return code == 0 && signal == 0; }
  std::string describe() const;  ///< "exit code 1", "killed by signal 9 (Killed)"
};

/// The path of a program in PATH or /usr/local/sbin:/usr/sbin:/sbin; a failure with code
/// "program.missing".
Result<std::filesystem::path> find_program(const std::string& name);

/// A program of this project: in $SEATRIAL_BIN, beside the running program, or in ../bin of it. A
/// failure with code "program.missing".
Result<std::filesystem::path> own_program(const std::string& name);

class Process {
 public:
  /// Starts it. Fails with "program.missing" or "process.start".
  static Result<Process> start(boost::asio::any_io_executor executor, Command command);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  /// Kills the group with SIGKILL if it still runs.
  ~Process();

  int pid() const;
  /// The exit status, once; may be awaited again afterwards and answers at once.
  Task<Result<ExitStatus>> wait();
  bool running();
  /// Sends a signal to the whole group. No-op when it has ended.
  void signal_group(int signal);
  /// SIGTERM to the group, SIGKILL after `grace`; returns when the child is reaped.
  Task<ExitStatus> stop(Duration grace);
  /// Lets go of the child: it is neither killed nor reaped by this object any more.
  void release();

 private:
  struct Impl;
  explicit Process(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct Output {
  ExitStatus status;
  std::string out;
  std::string err;
  std::uint64_t out_dropped = 0;  ///< bytes beyond the limit
  std::uint64_t err_dropped = 0;
  std::string err_tail;  ///< the last 4 KiB of what was dropped of stderr: how it ended
};

/// Runs to the end, collecting at most `most` bytes of each stream (the rest is dropped).
Task<Result<Output>> run(Command command, Budget budget, std::size_t most = 16u << 20);
/// The same, blocking, on an io_context of its own; for code that is not async (builder, command
/// line).
Result<Output> run_blocking(Command command, Budget budget, std::size_t most = 16u << 20);
/// run_blocking, but any exit other than 0 is a Failure carrying the end of stderr.
Result<std::string> run_checked(Command command, Budget budget, std::string code, Blame blame);

}  // namespace seatrial::io
