// SPDX-License-Identifier: Apache-2.0
#include "workers/guard/safe_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>

#include "workers/guard/protocol.hpp"

namespace seatrial::guard {
namespace {

double now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Never returns. `output`: where stdout and stderr go.
[[noreturn]] void become(const SafeCommand& command, int output) {
  ::setsid();
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);  // ours are ignored
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output < 0 ? nothing : output, STDOUT_FILENO);
  ::dup2(output < 0 ? nothing : output, STDERR_FILENO);
  std::vector<char*> argv;
  for (const auto& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  ::dprintf(STDERR_FILENO, "guard: cannot run %s: %s\n", argv[0], std::strerror(errno));
  ::_exit(127);
}

/// True when it has ended before `deadline`; it stays a zombie, so that its group's number is ours.
bool ended_by(pid_t pid, double deadline) {
  // Without a descriptor (none is left) poll waits for all of the time: the command still has it.
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  pollfd wanted{fd, POLLIN, 0};
  int ready = 0;
  for (double left; ready <= 0 && (left = deadline - now()) > 0;)
    ready = ::poll(&wanted, 1, static_cast<int>(left * 1000) + 1);
  ::close(fd);
  return ready > 0;
}

std::string describe(bool in_time, int status) {
  if (!in_time) return "it hung and was killed";
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

std::optional<std::string> decoded(std::string_view word) {
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      out += word[i];
      continue;
    }
    unsigned value = 0;
    const char* const digits = word.data() + i + 1;
    if (word.size() - i < 3) return std::nullopt;
    const auto [end, error] = std::from_chars(digits, digits + 2, value, 16);
    if (error != std::errc() || end != digits + 2 || value == 0) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

std::optional<SafeCommand> parse_safe_command(std::string_view rest) {
  SafeCommand command;
  for (std::size_t number = 0;; ++number) {  // single spaces: an empty word is an empty argument
    const auto space = rest.find(' ');
    auto word = decoded(rest.substr(0, space));
    if (!word) return std::nullopt;
    if (number == 0)
      command.id = std::move(*word);
    else if (number == 1) {
      const auto [end, error] =
          std::from_chars(word->data(), word->data() + word->size(), command.seconds);
      if (error != std::errc() || end != word->data() + word->size()) return std::nullopt;
    } else {
      command.argv.push_back(std::move(*word));
    }
    if (space == rest.npos) break;
    rest.remove_prefix(space + 1);
  }
  if (command.id.empty() || command.argv.empty() || command.argv[0].empty()) return std::nullopt;
  if (!(command.seconds > 0)) return std::nullopt;
  command.seconds = std::min(command.seconds, kLongestCommandSeconds);
  return command;
}

void run_safe_command(const SafeCommand& command, FILE* log) {
  const auto say = [&](const std::string& how) {
    if (!log) return;
    std::fprintf(log, "guard: safe state %s: %s with %zu arguments: %s\n", command.id.c_str(),
                 command.argv[0].c_str(), command.argv.size() - 1, how.c_str());
    std::fflush(log);  // before a fork and before others write to the file
  };
  const double began = now();
  const pid_t pid = ::fork();
  if (pid < 0) return say(std::string("cannot fork: ") + std::strerror(errno));
  if (pid == 0) become(command, log ? ::fileno(log) : -1);
  const bool in_time = ended_by(pid, began + command.seconds);
  ::kill(-pid, SIGKILL);  // what it has left running, too
  ::kill(pid, SIGKILL);   // it may not have come to setsid
  int status = 0;
  // One that cannot even be killed hangs in its driver: the next command must not wait for it.
  if (ended_by(pid, now() + 2)) ::waitpid(pid, &status, WNOHANG);
  char took[32];
  std::snprintf(took, sizeof took, " after %.2f s", now() - began);
  say(describe(in_time, status) + took);
}

}  // namespace seatrial::guard
