// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/foreground.hpp"

#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

namespace seatrial::cli {
namespace {

volatile std::sig_atomic_t child_pid = 0;

void hand_on(int signal) {
  if (child_pid > 0) ::kill(child_pid, signal);
}

/// Our signals while somebody else has the terminal.
class Signals {
 public:
  Signals() {
    struct sigaction ignore {
    }, pass{};
    ignore.sa_handler = SIG_IGN;
    pass.sa_handler = hand_on;
    ::sigaction(SIGINT, &ignore, &before_[0]);
    ::sigaction(SIGQUIT, &ignore, &before_[1]);
    ::sigaction(SIGTERM, &pass, &before_[2]);
    ::sigaction(SIGHUP, &pass, &before_[3]);
  }
  ~Signals() {
    child_pid = 0;
    ::sigaction(SIGINT, &before_[0], nullptr);
    ::sigaction(SIGQUIT, &before_[1], nullptr);
    ::sigaction(SIGTERM, &before_[2], nullptr);
    ::sigaction(SIGHUP, &before_[3], nullptr);
  }

 private:
  struct sigaction before_[4]{};
};

/// In the child: never returns.
[[noreturn]] void become(const char* program, char* const* words, pid_t parent) {
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
  // SIGTERM, not SIGKILL: a program that has made the terminal raw puts it back.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() == parent) ::execvp(program, words);
  ::_exit(127);
}

}  // namespace

Result<io::ExitStatus> run_in_foreground(const std::string& program,
                                         const std::vector<std::string>& words) {
  TRY(const auto path, io::find_program(program));
  std::vector<char*> pointers{const_cast<char*>(program.c_str())};
  for (const auto& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  const Signals signals;
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0)
    return Failure("process.start", Blame::bench,
                   fmt::format("cannot start {}: {}", program, std::strerror(errno)),
                   "check that the program can be run on this machine");
  if (child == 0) become(path.c_str(), pointers.data(), parent);
  child_pid = child;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return io::ExitStatus{0, WTERMSIG(status)};
  return io::ExitStatus{WEXITSTATUS(status), 0};
}

}  // namespace seatrial::cli
