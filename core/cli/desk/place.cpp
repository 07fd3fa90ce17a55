// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/place.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/cli/run/outcome.hpp"
#include "core/io/cache.hpp"
#include "core/io/file.hpp"

namespace seatrial::cli {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
namespace {

constexpr const char* kDefault = "default";
/// The guard's commands have limits of their own; longer than this nobody is kept waiting.
constexpr Duration kGuardLimit = 1min;

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 40 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '_';
         });
}

/// A process that still runs the program of this name; another one may have got its number.
bool runs(int pid, const std::string& program) {
  const auto line = io::read_file(fmt::format("/proc/{}/cmdline", pid));
  return pid > 1 && line && line->substr(0, line->find('\0')).ends_with(program);
}

/// Blocks until `done` or the limit; for facts that have no descriptor to wait on.
bool wait_until(const std::function<bool()>& done, Duration limit) {
  const auto end = Clock::system().monotonic() + limit;
  while (!done()) {
    if (Clock::system().monotonic() >= end) return false;
    ::poll(nullptr, 0, 50);
  }
  return true;
}

}  // namespace

const Option& desk_option() {
  static const Option option{
      "desk", "NAME",
      "Which desk bench, when there are several at a time; each name is one of its own.",
      Words::none, "SEATRIAL_DESK"};
  return option;
}

Result<DeskPlace> DeskPlace::of(const std::string& name) {
  if (!is_name(name))
    return usage(fmt::format("'{}' is no name of a desk", name),
                 "use up to 40 lower-case letters, digits, - and _");
  DeskPlace place{name, io::cache_root() / "desk" / name};
  CHECK_OK(io::make_dirs(place.folder));
  struct stat status {};
  if (::lstat(place.folder.c_str(), &status) != 0)
    return io::file_failure("look at", place.folder, errno);
  if (status.st_uid != ::geteuid() || !S_ISDIR(status.st_mode))
    return Failure("desk.not_ours", Blame::bench,
                   place.folder.string() + " is not a folder of this user",
                   "remove it, or give another cache with SEATRIAL_CACHE");
  if (::chmod(place.folder.c_str(), 0700) != 0)
    return io::file_failure("protect", place.folder, errno);
  return place;
}

Result<DeskPlace> DeskPlace::of(const Invocation& call) { return of(call.value("desk", kDefault)); }

std::string DeskPlace::command(const std::string& words) const {
  const auto end = words.find(" -- ");
  const std::string desk = name == kDefault ? "" : " --desk " + name;
  return "seatrial " + words.substr(0, end) + desk +
         (end == std::string::npos ? "" : words.substr(end));
}

Result<Found> look(const DeskPlace& place) {
  Found found;
  const auto file = place.folder / model::kDeskRecord;
  const auto lock =
      io::FileLock::acquire(place.folder / model::kDeskLock, 0s, "a look at the desk");
  if (!lock && lock.error().code() != "lock.busy") return lock.error();
  std::error_code error;
  const bool recorded = fs::exists(file, error);
  if (lock && !recorded) return found;
  if (!recorded) {
    found.standing = Standing::starting;
    return found;
  }
  auto record = model::desk_record_from_file(file.string());
  if (!record && lock) {  // of another version, or torn by a crash of the machine: nobody's
    fs::remove(file, error);
    return found;
  }
  if (!record) return record.error();
  found.standing = lock ? Standing::killed : Standing::there;
  found.record = std::move(*record);
  return found;
}

Failure clean_up(const DeskPlace& place, const model::DeskRecord& record) {
  const auto gone = [&] { return !runs(record.guard, "seatrial-guard"); };
  bool clean = wait_until(gone, 1s);
  if (!clean) {
    fmt::print(stderr, "the bench host was killed; its guard puts the bench into its safe state\n");
    clean = wait_until(gone, kGuardLimit);
  }
  std::error_code error;
  const fs::path sockets = fs::path(record.socket).parent_path();
  // The guard removes it; after a crash of the whole machine there was none to do so.
  if (sockets.filename().string().starts_with("s.")) fs::remove_all(sockets, error);
  fs::remove(place.folder / model::kDeskRecord, error);
  return Failure(
      "desk.killed", Blame::bench,
      fmt::format("the bench host of the desk bench (pid {}) was killed; {}", record.pid,
                  clean ? "its device is off and what it left is cleaned up"
                        : fmt::format("its guard (pid {}) is still cleaning up", record.guard)),
      fmt::format("its evidence is in {}; '{}' starts another", shown_path(record.folder),
                  place.command("power on")));
}

Result<Settled> settle(const DeskPlace& place) {
  Found found;
  Result<> looked;
  wait_until(
      [&] {
        auto now = look(place);
        if (!now)
          looked = now.error();
        else
          found = std::move(*now);
        return !now || found.standing != Standing::starting;
      },
      60s);
  CHECK_OK(looked);
  Settled settled;
  if (found.standing == Standing::starting)
    return Failure("desk.starting", Blame::bench,
                   "a desk bench is being started for more than a minute",
                   "find who holds it with: fuser " + (place.folder / model::kDeskLock).string());
  if (found.standing == Standing::there) settled.record = std::move(found.record);
  if (found.standing == Standing::killed) settled.killed = clean_up(place, *found.record);
  return settled;
}

Failure no_desk_bench(const DeskPlace& place) {
  return Failure("desk.none", Blame::bench, "no desk bench runs",
                 fmt::format("'{}' starts one", place.command("power on")));
}

}  // namespace seatrial::cli
