// SPDX-License-Identifier: Apache-2.0
#pragma once
// The inside of Ssh, shared by ssh.cpp (calls), ssh_master.cpp (connection) and ssh_files.cpp, and
// by nobody else.

#include <vector>

#include "core/base/notifier.hpp"
#include "core/io/process.hpp"
#include "workers/dut/ssh.hpp"

namespace seatrial::dut {

struct SshForward {
  std::string listen;  ///< "127.0.0.1:4711" or a unix socket's path
  std::uint16_t port = 0;
};

/// In the messages of a client that found no master: its command was never sent.
constexpr const char* kNoMaster = "seatrial-no-master";

struct Ssh::State {
  State(boost::asio::any_io_executor executor, SshOptions options, Guard* guard)
      : executor(executor), options(std::move(options)), guard(guard), changed(executor) {}
  ~State() { hang_up(); }

  /// ssh with every option that makes it independent of the user's own configuration.
  io::Command base() const;
  /// ssh as a client of the master; it never dials by itself.
  io::Command client() const;
  std::filesystem::path control() const { return options.socket_folder / "ssh"; }
  std::filesystem::path known_hosts() const { return options.folder / "known_hosts"; }
  std::filesystem::path log() const { return options.folder / "ssh.log"; }
  bool connected();
  /// Kills the master. Clients in flight end with exit code 255.
  void hang_up();
  /// What the master said since it was started.
  std::string said() const;
  Failure dial_failure(const std::string& how) const;

  /// A living master, dialled if need be; one dial at a time.
  static Task<Result<>> connect(std::shared_ptr<State> self);
  static Task<Result<>> dial(std::shared_ptr<State> self);
  static Task<Result<>> master_ready(std::shared_ptr<State> self);
  /// "-O command" to the master.
  static Task<Result<>> control_command(std::shared_ptr<State> self, std::string command,
                                        SshForward forward);

  /// What the caller prepares of a client: where its stdin comes from and its stdout goes to.
  struct Streams {
    std::string input;
    std::filesystem::path from, to;
  };
  /// One remote command over a master that is dialled if need be, all within the budget.
  static Task<Result<RunResult>> execute(std::shared_ptr<State> self, std::string command,
                                         Streams streams, Duration budget, std::size_t most);
  static Task<Result<RunResult>> execute_connected(std::shared_ptr<State> self, std::string command,
                                                   io::Command local, Duration budget,
                                                   std::size_t most);

  boost::asio::any_io_executor executor;
  SshOptions options;
  Guard* guard;
  Notifier changed;
  std::shared_ptr<io::Process> master;
  std::vector<SshForward> forwards;
  std::uintmax_t log_begin = 0;
  unsigned dials = 0;
  unsigned sessions = 0;
  bool dialling = false;
};

}  // namespace seatrial::dut
