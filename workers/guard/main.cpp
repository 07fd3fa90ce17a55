// SPDX-License-Identifier: Apache-2.0
// seatrial-guard: outlives its owner and cleans up after it. Reads lines from stdin (protocol:
// workers/guard/guard.hpp). When stdin ends without "done" the owner is dead: the registered
// process groups are killed, then the commands of the safe state run, then the registered files are
// removed. No library of ours, no allocation that grows without bound, so that nothing but SIGKILL
// can take it down.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workers/guard/protocol.hpp"
#include "workers/guard/safe_command.hpp"

namespace {

using seatrial::guard::SafeCommand;

struct Registered {
  std::map<int, unsigned long long> groups;  ///< leader -> its start time
  std::set<std::string> files, folders;
  std::vector<SafeCommand> commands;  ///< in order of registration
};

struct ProcessInfo {
  char state = '?';
  int group = 0;
  unsigned long long start = 0;
};

/// From /proc/PID/stat: the name may hold spaces and brackets, so fields are counted from the last
/// ')'.
bool process_info(int pid, ProcessInfo& info) {
  char path[64], text[2048];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t n = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (n <= 0) return false;
  text[n] = '\0';
  const char* rest = std::strrchr(text, ')');
  // 3 state, 4 ppid, 5 pgrp, ... 22 starttime
  return rest && std::sscanf(rest + 1,
                             " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                             "%*d %*d %llu",
                             &info.state, &info.group, &info.start) == 3;
}

bool lives(const ProcessInfo& info) { return info.state != 'Z' && info.state != 'X'; }

/// Kills what is left of one group; true when nothing of it lives. A leader whose PID was given to
/// a younger process is not ours. A leader that is gone may have left members: they keep the group
/// id in use, so nobody else can have it, and they are as young as the leader at most.
bool kill_group(int leader, unsigned long long start) {
  ProcessInfo info;
  const bool there = process_info(leader, info);
  if (there && info.start != start) return true;
  bool any = there && lives(info);
  if (any) ::kill(-leader, SIGKILL);
  DIR* proc = ::opendir("/proc");
  if (!proc) return !any;
  while (const dirent* entry = ::readdir(proc)) {
    const int pid = std::atoi(entry->d_name);
    ProcessInfo member;
    if (pid <= 1 || pid == leader || !process_info(pid, member)) continue;
    if (member.group != leader || member.start < start || !lives(member)) continue;
    any = true;
    ::kill(pid, SIGKILL);
  }
  ::closedir(proc);
  return !any;
}

void remove_folder(const std::string& folder) {
  if (DIR* dir = ::opendir(folder.c_str())) {
    while (const dirent* entry = ::readdir(dir)) {
      const std::string_view name = entry->d_name;
      // unlinkat refuses folders: one level only, nothing recursive in a program that must not err
      if (name != "." && name != "..") ::unlinkat(::dirfd(dir), entry->d_name, 0);
    }
    ::closedir(dir);
  }
  ::rmdir(folder.c_str());
}

void end_groups(const Registered& registered) {
  for (int round = 0; round < 500; ++round) {  // 5 s: a process in uninterruptible sleep takes time
    bool all_gone = true;
    for (const auto& [leader, start] : registered.groups)
      all_gone = kill_group(leader, start) && all_gone;
    if (all_gone) break;
    const timespec tick{0, 10'000'000};
    ::nanosleep(&tick, nullptr);
  }
}

void clean_up(const Registered& registered, FILE* log) {
  end_groups(registered);
  // Only now: what ran could have switched the power on again, or kept a device for itself.
  for (const auto& command : registered.commands) seatrial::guard::run_safe_command(command, log);
  for (const auto& file : registered.files) ::unlink(file.c_str());
  for (const auto& folder : registered.folders) remove_folder(folder);
  if (log)
    std::fprintf(log,
                 "guard: the owner is gone; ended %zu process groups, ran %zu commands of the safe "
                 "state, removed %zu paths\n",
                 registered.groups.size(), registered.commands.size(),
                 registered.files.size() + registered.folders.size());
}

/// One that is told anew under the same name keeps its turn.
void add_command(SafeCommand command, std::vector<SafeCommand>& commands) {
  const auto known = std::find_if(commands.begin(), commands.end(),
                                  [&](const auto& other) { return other.id == command.id; });
  if (known != commands.end())
    *known = std::move(command);
  else if (commands.size() < seatrial::guard::kMostCommands)
    commands.push_back(std::move(command));
}

/// False at "done".
bool obey(std::string_view line, Registered& registered) {
  const auto space = line.find(' ');
  const std::string_view verb = line.substr(0, space);
  const std::string rest(space == line.npos ? std::string_view() : line.substr(space + 1));
  if (verb == "done") return false;
  const bool room = registered.groups.size() + registered.files.size() + registered.folders.size() <
                    seatrial::guard::kMostEntries;
  int pid = 0;
  unsigned long long start = 0;
  if (verb == "add" && room && std::sscanf(rest.c_str(), "%d %llu", &pid, &start) == 2 && pid > 1)
    registered.groups[pid] = start;
  else if (verb == "del")
    registered.groups.erase(std::atoi(rest.c_str()));
  else if (verb == "unlink" && room && rest.starts_with('/'))
    registered.files.insert(rest);
  else if (verb == "rmdir" && room && rest.starts_with('/') && rest.size() > 1)
    registered.folders.insert(rest);
  else if (verb == "keep") {
    registered.files.erase(rest);
    registered.folders.erase(rest);
  } else if (verb == "safe") {
    if (auto command = seatrial::guard::parse_safe_command(rest))
      add_command(std::move(*command), registered.commands);
  } else if (verb == "unsafe") {
    const auto id = seatrial::guard::decoded(rest);
    std::erase_if(registered.commands, [&](const auto& command) { return command.id == id; });
  }
  return true;
}

/// True when the owner said "done".
bool serve(Registered& registered) {
  std::string pending;
  bool too_long = false;  // the line that is being read: its end is no line of its own
  char chunk[4096];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    pending.append(chunk, static_cast<std::size_t>(n));
    std::size_t end;
    while ((end = pending.find('\n')) != pending.npos) {
      const bool skip = std::exchange(too_long, false) || end > seatrial::guard::kLongestLine;
      if (!skip && !obey(std::string_view(pending).substr(0, end), registered)) return true;
      pending.erase(0, end + 1);
    }
    if (pending.size() > seatrial::guard::kLongestLine) {
      too_long = true;
      pending.clear();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGUSR1, SIGUSR2})
    ::signal(signal, SIG_IGN);
  ::setsid();  // fails when it already leads a session: as wanted
  if (::chdir("/") != 0) return 1;
  // What we were given to hold is not for the commands of the safe state.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  Registered registered;
  if (serve(registered)) return 0;
  FILE* log = argc > 1 ? std::fopen(argv[1], "ae") : nullptr;
  clean_up(registered, log);
  if (log) std::fclose(log);
  return 0;
}
