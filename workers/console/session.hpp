// SPDX-License-Identifier: Apache-2.0
#pragma once
// Session: a login on a console and commands over it. A command is run once; its exit status,
// output and errors come back proven by checksum however much the kernel prints in between, because
// damaged lines are asked for again (frame.hpp). Commands run one after the other, each in a shell
// of its own with standard input from /dev/null; their output passes through files in the DUT's
// /run (or /tmp). Owned by the bench host, one io_context thread, the Console must outlive it.
//
// Failures: "session.login" (product: no prompt came, or the login was refused), "session.setup"
// (the shell lacks a tool), "session.damaged" (bench: the line loses too much), "session.lost" (the
// shell has ended, e.g. a restart), "session.interrupted", and that of the budget. After any of
// them the next call finds its way back to a shell by itself.

#include <deque>
#include <string>

#include "workers/console/console.hpp"
#include "workers/console/frame.hpp"

namespace seatrial::console {

struct Credentials {
  std::string user = "root";
  std::string password;                               ///< empty: none is expected
  std::string login_prompt = R"([\w.-]+ login: ?$)";  ///< RE2, device type
};

struct CommandResult {
  int status = 0;
  std::string out, err;
  bool truncated = false;  ///< a stream was longer than `most`
  unsigned repairs = 0;    ///< how often something had to be asked for again
};

class Session {
 public:
  static constexpr std::size_t most_default = 1u << 20;

  Session(Console& console, Credentials credentials);

  /// Leaves a shell ready for commands. From a login prompt, a shell prompt, or a silent console.
  Task<Result<>> login(Budget budget);
  /// Logs in first when needed. `most`: bytes of each stream, the rest is cut off.
  Task<Result<CommandResult>> run(std::string command, Budget budget,
                                  std::size_t most = most_default);
  /// Ends the login and removes what it left on the DUT.
  Task<Result<>> logout(Budget budget);
  /// The DUT was restarted or switched off: the next call logs in anew.
  void forget();
  bool ready() const { return ready_; }

 private:
  Task<Result<>> log_in();
  Task<Result<>> find_shell();
  Task<Result<>> install();
  Task<Result<>> interrupt();
  Task<Result<CommandResult>> run_once(std::string command, std::size_t most);
  Task<Result<>> ready_shell();
  struct Exchange;  // one command under way
  Task<Result<>> type_lines(std::shared_ptr<Exchange> exchange, std::vector<std::string> lines);
  Task<Result<>> type_command(std::shared_ptr<Exchange> exchange);
  Task<Result<>> ask_again(std::shared_ptr<Exchange> exchange);
  Task<Result<bool>> answered(std::shared_ptr<Exchange> exchange);
  Task<Result<bool>> progress(std::shared_ptr<Exchange> exchange);
  Result<std::shared_ptr<Exchange>> exchange(std::string command, std::size_t most);
  Task<Result<Match>> listen_for(Pattern pattern, Duration span, std::uint64_t from);
  Task<Result<Match>> listen(std::vector<Pattern> patterns, Duration span, std::uint64_t from);

  Console& console_;
  Credentials credentials_;
  bool ready_ = false;
  Subscription guard_;  // sees the login prompt come back: the shell has ended
  bool dirty_ = false;  // a command may still be running in the foreground
  Turn turn_;
};

}  // namespace seatrial::console
