// SPDX-License-Identifier: Apache-2.0
#include "workers/guard/guard.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>

#include "core/base/log.hpp"
#include "core/base/notifier.hpp"
#include "core/base/within.hpp"
#include "core/io/fd.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "workers/guard/protocol.hpp"

namespace seatrial {
namespace fs = std::filesystem;

namespace {

constexpr unsigned kMostRestarts = 100;
constexpr timeval kLongestWrite{2, 0};

/// A word of a line: blanks, newlines and % as %XX.
std::string encoded(std::string_view word) {
  std::string out;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == '%' || byte == 0x7f)
      out += fmt::format("%{:02x}", byte);
    else
      out += c;
  }
  return out;
}

}  // namespace

struct Guard::State {
  explicit State(boost::asio::any_io_executor executor) : executor(executor), changed(executor) {}
  ~State() {
    if (process && process->running()) process->release();  // it has our mess to clean up first
  }

  Result<> start() {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      return Failure("process.start", Blame::bench,
                     fmt::format("cannot make a socket for the guard: {}", std::strerror(errno)),
                     "raise the limit of open files (ulimit -n)");
    ours = io::UniqueFd(ends[0]);
    ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDTIMEO, &kLongestWrite, sizeof kLongestWrite);
    const io::UniqueFd theirs(ends[1]);
    TRY(const auto program, io::own_program("seatrial-guard"));
    auto command = io::cmd(program.string());
    if (!log.empty()) command.arg(log.string());
    command.stdin_fd = theirs.get();
    if (held) command.pass_fds.push_back(held.get());
    command.new_session = true;
    command.die_with_parent = false;  // outliving us is what it is for
    command.ignored_signals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    TRY(auto started, io::Process::start(executor, std::move(command)));
    process = std::make_shared<io::Process>(std::move(started));
    for (const auto& [pid, start] : groups) say(fmt::format("add {} {}\n", pid, start));
    for (const auto& file : files) say("unlink " + file + "\n");
    for (const auto& folder : folders) say("rmdir " + folder + "\n");
    for (const auto& [id, line] : commands) say(line);
    return {};
  }

  // A guard that is gone is started again by watch() and told everything then: errors are no loss.
  // One that has half a line and does not take the rest is of no use to anybody.
  void say(std::string_view line) {
    while (ours && !line.empty()) {
      const auto sent = ::send(ours.get(), line.data(), line.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) {
        if (errno == EAGAIN && process) process->signal_group(SIGKILL);
        return;
      }
      line.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  static Task<Result<>> watch(std::shared_ptr<State> self) {
    struct Watching {  // says so on every way out, a cancelled one too
      State& state;
      ~Watching() {
        state.watching = false;
        state.changed.notify();
      }
    } const watching{*self};
    self->watching = true;
    for (;;) {
      const auto guard = self->process;
      auto ended = co_await guard->wait();
      if (self->finishing) break;
      log::warn("the guard (pid {}) is gone ({}); starting another", guard->pid(),
                ended ? ended->describe() : ended.error().describe());
      // A guard that dies at once, again and again, must not keep us busy.
      const std::chrono::milliseconds rest(self->restarts < 5 ? 0 : 500);
      co_await pause(rest);
      if (self->finishing) break;
      if (++self->restarts > kMostRestarts) co_return guard_lost();
      auto started = self->start();
      if (!started) co_return started.error();
    }
    co_return Result<>();
  }

  static Failure guard_lost() {
    return Failure("guard.lost", Blame::bench,
                   fmt::format("the guard was killed {} times", kMostRestarts),
                   "find what kills seatrial-guard on this machine");
  }

  boost::asio::any_io_executor executor;
  fs::path log;
  io::UniqueFd held;  ///< the one descriptor of ours that goes through exec
  io::UniqueFd ours;
  std::shared_ptr<io::Process> process;  ///< shared: whoever waits for it keeps it
  std::map<int, unsigned long long> groups;
  std::set<std::string> files, folders;
  std::vector<std::pair<std::string, std::string>> commands;  ///< id and line, in order
  Notifier changed;
  unsigned restarts = 0;
  bool finishing = false;
  bool watching = false;
};

Guard::Guard(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Guard>> Guard::start(Nursery& nursery, boost::asio::any_io_executor executor,
                                            fs::path log, int held) {
  auto state = std::make_shared<State>(executor);
  state->log = std::move(log);
  if (held >= 0) {
    state->held = io::UniqueFd(::dup(held));
    if (!state->held) return io::file_failure("hold", "the lock of the run folder", errno);
  }
  CHECK_OK(state->start());
  nursery.start("watching the guard", State::watch(state));
  return std::unique_ptr<Guard>(new Guard(std::move(state)));
}

Guard::~Guard() {
  const bool work = !state_->groups.empty() || !state_->files.empty() || !state_->folders.empty() ||
                    !state_->commands.empty();
  // Killed a moment ago and not started again yet: another one has to do the cleaning.
  if (work && !state_->finishing && !(state_->process && state_->process->running()))
    if (auto started = state_->start(); !started) log::error("{}", started.error().describe());
  state_->finishing = true;
  state_->ours.reset();
}

Result<> Guard::add(int pid) {
  TRY(const auto start, start_time_of(pid));
  state_->groups[pid] = start;
  state_->say(fmt::format("add {} {}\n", pid, start));
  return {};
}

void Guard::del(int pid) {
  if (state_->groups.erase(pid)) state_->say(fmt::format("del {}\n", pid));
}

void Guard::unlink_at_end(fs::path file) {
  if (state_->files.insert(file.string()).second) state_->say("unlink " + file.string() + "\n");
}

void Guard::rmdir_at_end(fs::path folder) {
  if (state_->folders.insert(folder.string()).second)
    state_->say("rmdir " + folder.string() + "\n");
}

void Guard::keep(const fs::path& path) {
  if (state_->files.erase(path.string()) + state_->folders.erase(path.string()))
    state_->say("keep " + path.string() + "\n");
}

void Guard::at_end(std::string id, std::vector<std::string> argv, Duration limit) {
  std::error_code error;
  if (!argv.empty() && argv[0].find('/') != std::string::npos)
    argv[0] = fs::absolute(argv[0], error).string();  // the guard's own folder is /
  std::string line = fmt::format("safe {} {:.3f}", encoded(id), seconds(limit));
  for (const auto& word : argv) line += " " + encoded(word);
  line += "\n";
  auto& commands = state_->commands;
  const auto known = std::find_if(commands.begin(), commands.end(),
                                  [&](const auto& command) { return command.first == id; });
  if (id.empty() || argv.empty() || argv[0].empty() || limit < std::chrono::milliseconds(1) ||
      line.size() > guard::kLongestLine || line.find("%00") != std::string::npos ||
      (known == commands.end() && commands.size() >= guard::kMostCommands)) {
    log::error(
        "the guard cannot take the command {} of the safe state: {} words, {} bytes, {:.3f} s", id,
        argv.size(), line.size(), seconds(limit));
    return;
  }
  state_->say(line);
  if (known != commands.end())
    known->second = std::move(line);
  else
    commands.emplace_back(std::move(id), std::move(line));
}

void Guard::forget(const std::string& id) {
  if (std::erase_if(state_->commands, [&](const auto& command) { return command.first == id; }))
    state_->say("unsafe " + encoded(id) + "\n");
}

Task<> Guard::done() {
  auto state = state_;
  State* const s = state.get();
  state->finishing = true;
  state->say("done\n");
  state->ours.reset();
  const std::string what = "the end of the guard";
  if (state->watching) {
    auto ended = co_await within(Budget(std::chrono::seconds(2), what),
                                 state->changed.until([s] { return !s->watching; }));
    if (!ended) log::warn("{}", ended.error().describe());
  } else if (state->process) {
    const auto process = state->process;
    auto ended = co_await within(Budget(std::chrono::seconds(2), what), process->wait());
    if (!ended) log::warn("{}", ended.error().describe());
  }
}

int Guard::pid() const { return state_->process ? state_->process->pid() : 0; }
unsigned Guard::restarts() const { return state_->restarts; }

Result<unsigned long long> start_time_of(int pid) {
  const auto failure = [&] {
    return Failure("process.gone", Blame::bench, fmt::format("there is no process {}", pid),
                   "look at why it ended so early");
  };
  std::unique_ptr<FILE, int (*)(FILE*)> file(
      std::fopen(fmt::format("/proc/{}/stat", pid).c_str(), "re"), std::fclose);
  char text[2048];
  if (!file || !std::fgets(text, sizeof text, file.get())) return failure();
  const char* rest = std::strrchr(text, ')');
  unsigned long long start = 0;
  if (!rest || std::sscanf(rest + 1,
                           " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                           "%*d %*d %llu",
                           &start) != 1)
    return failure();
  return start;
}

}  // namespace seatrial
