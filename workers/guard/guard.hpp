// SPDX-License-Identifier: Apache-2.0
#pragma once
// Guard: the client of seatrial-guard, the tiny process that outlives its owner. It is told which
// process groups and which temporary files exist, and which commands put the bench into its safe
// state; when the owner's end of the socket closes without "done" (crash, SIGKILL), it kills the
// groups, runs the commands and removes the files. It ignores SIGINT, SIGTERM and SIGHUP and has a
// session of its own. A guard that is killed is started again and told everything anew. Owned by
// the bench host; its watcher lives in the nursery it was given. Writes to it never block for long
// and never raise SIGPIPE.
//
// Protocol, one line each: "add PID STARTTIME" (the group led by PID; STARTTIME is field 22 of
// /proc/PID/stat, so that a recycled PID is never hit), "del PID", "unlink PATH", "rmdir PATH" (the
// folder with the files and sockets directly in it), "keep PATH" (forget a path), "safe ID SECONDS
// ARGV..." (a command of the safe state; words are parted by one space, %XX in ID and ARGV is a
// byte), "unsafe ID" (forget it), "done". Limits: workers/guard/protocol.hpp.

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial {

class Guard {
 public:
  /// Starts it (seatrial-guard of this build). `log`: a file that gets a line when the guard had to
  /// clean up; may be empty. `held`: a descriptor that the guard has open too until it ends; with
  /// the flock of the run folder, others can tell when all is cleaned up. Stays the caller's. Fails
  /// with "program.missing" or "process.start".
  static Result<std::unique_ptr<Guard>> start(Nursery& nursery,
                                              boost::asio::any_io_executor executor,
                                              std::filesystem::path log = {}, int held = -1);
  /// Leaves what is still registered to the guard, which ends it. Prefer done().
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// Registers the process group led by `pid`, which must run.
  Result<> add(int pid);
  void del(int pid);
  void unlink_at_end(std::filesystem::path file);
  void rmdir_at_end(std::filesystem::path folder);
  /// Takes a path off the list.
  void keep(const std::filesystem::path& path);
  /// Registers a command that leaves the bench safe (power off, card to the host). Once the owner
  /// is dead and the groups are killed, the commands run one after another in order of
  /// registration, each killed with its group after `limit` (10 min at most); stdin is /dev/null,
  /// what they print and how they end goes to the guard's log, their arguments do not. The
  /// environment is that of the owner when the guard began, the folder is /. The same `id` again
  /// replaces the command and keeps its turn. What cannot be registered (see
  /// workers/guard/protocol.hpp) is logged as an error.
  void at_end(std::string id, std::vector<std::string> argv, Duration limit);
  /// Takes a command off the list.
  void forget(const std::string& id);
  /// Ends the guard without any cleaning, and waits for it; everything is expected to be gone.
  Task<> done();

  int pid() const;
  /// How often it had to be started again.
  unsigned restarts() const;

 private:
  struct State;
  explicit Guard(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

/// Field 22 of /proc/PID/stat: clock ticks between host boot and process start.
Result<unsigned long long> start_time_of(int pid);

/// A fresh private folder whose path is short enough for unix sockets (sun_path holds 107 bytes):
/// below `preferred` when that is short, else below $XDG_RUNTIME_DIR or /tmp. Removed with its
/// sockets on destruction, by the guard when the owner is killed.
class SocketFolder {
 public:
  static Result<SocketFolder> make(const std::filesystem::path& preferred, Guard* guard);
  SocketFolder(SocketFolder&&) noexcept;
  SocketFolder& operator=(SocketFolder&&) noexcept;
  ~SocketFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  SocketFolder(std::filesystem::path path, Guard* guard) : path_(std::move(path)), guard_(guard) {}
  std::filesystem::path path_;
  Guard* guard_ = nullptr;
};

}  // namespace seatrial
