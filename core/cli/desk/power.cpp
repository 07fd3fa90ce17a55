// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/power.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "core/cli/desk/visit.hpp"
#include "core/cli/run/outcome.hpp"
#include "core/io/file.hpp"
#include "core/model/event.hpp"

namespace seatrial::cli {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
namespace {

/// The bench host as a process: its number may be another's by now, its plan is not.
io::UniqueFd process_of(const model::DeskRecord& record) {
  io::UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, record.pid, 0)));
  const auto line = io::read_file(fmt::format("/proc/{}/cmdline", record.pid));
  const auto plan = (fs::path(record.folder) / "plan.json").string();
  if (!handle || !line || line->find(plan) == std::string::npos) return {};
  return handle;
}

bool ended_within(const io::UniqueFd& process, std::chrono::milliseconds limit) {
  pollfd end{process.get(), POLLIN, 0};
  int ready;
  while ((ready = ::poll(&end, 1, static_cast<int>(limit.count()))) < 0 && errno == EINTR) {
  }
  return ready > 0;
}

void signal(const io::UniqueFd& process, int number) {
  ::syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0);
}

/// Whether the end that the bench host recorded was a good one.
Result<> recorded_end(const model::DeskRecord& record) {
  const auto log = model::read_event_log(fs::path(record.folder) / "events.jsonl");
  if (!log || log->events.empty()) return {};
  const auto& last = log->events.back();
  if (last.kind == "run_finished" && record.held.empty())
    if (const auto failure = last.failure()) return *failure;
  return {};
}

std::string boot_words(const json& boot) {
  if (boot.value("number", 0) == 0) return "it has not begun to boot";
  const auto number = fmt::format("boot {}", boot.value("number", 0));
  if (const auto ended = boot.value("ended_by", ""); !ended.empty())
    return fmt::format("{} ended by {}", number, ended);
  if (boot.contains("seconds_to_login"))
    return fmt::format("{} showed its login prompt after {}", number,
                       human_duration(from_seconds(boot.value("seconds_to_login", 0.0))));
  return number + (boot.contains("seconds_to_kernel") ? ": its kernel runs" : " has begun");
}

}  // namespace

Result<std::string> switch_power(const model::DeskRecord& record, const std::string& verb) {
  TRY(const auto answer, ask(record.socket, verb, json::object()));
  return answer.value("state", "?");
}

Result<> end_desk(const DeskPlace& place, const model::DeskRecord& record) {
  const auto process = process_of(record);
  const auto asked = ask(record.socket, "bench.end", json::object());
  if (!asked && asked.error().blame() == Blame::cancelled && asked.error().code() == "cancelled")
    return asked.error();
  if (process && !ended_within(process, 30s)) {
    fmt::print(stderr, "the bench host (pid {}) does not end: it is sent signals\n", record.pid);
    signal(process, SIGTERM);
    if (!ended_within(process, 20s)) signal(process, SIGKILL);
    if (!ended_within(process, 10s))
      return Failure(
          "desk.not_ended", Blame::bench,
          fmt::format("the bench host (pid {}) does not end, whatever it is sent", record.pid),
          "look at its state with: ps -o stat,wchan " + std::to_string(record.pid));
  }
  TRY(const auto left, settle(place));
  if (left.killed) fmt::print(stderr, "seatrial: {}\n", left.killed->what());
  return recorded_end(record);
}

Result<json> desk_status(const DeskPlace& place) {
  TRY(const auto settled, settle(place));
  if (settled.killed) return *settled.killed;
  if (!settled.record) return json{{"desk", place.name}, {"state", "none"}};
  const auto& record = *settled.record;
  TRY(const auto state, switch_power(record, "power.status"));
  TRY(const auto boot, ask(record.socket, "boot.current", json::object()));
  json out = model::to_json(record);
  out.erase("socket");
  out.erase("guard");
  out["desk"] = place.name;
  out["state"] = state;
  out["boot"] = boot.value("boot", json::object());
  return out;
}

std::string status_lines(const DeskPlace& place, const json& status) {
  const auto state = status.value("state", "?");
  if (state == "none")
    return fmt::format("off: no desk bench runs; '{}' starts one\n", place.command("power on"));
  const auto since = from_iso8601(status.value("since", ""));
  const auto age = since ? ", on the desk for " + human_duration(Clock::system().wall() - *since)
                         : std::string();
  const auto held = status.value("held", "");
  std::string out = fmt::format("{}: {} with {}{}\n", state, status.value("device", "?"),
                                status.value("image", "?"), age);
  if (!held.empty()) out += fmt::format("  held after {}\n", held);
  const bool booted = status.at("boot").value("number", 0) > 0;
  if (state == "on" || booted) out += fmt::format("  {}\n", boot_words(status.at("boot")));
  const auto line = [&](const char* words, const char* what) {
    out += fmt::format("  {:<28}{}\n", place.command(words), what);
  };
  if (state == "off") line("power on", "switches it on, with the disk it has");
  line("console", "its console; Ctrl-] leaves");
  line("shell", "a shell, as soon as it has booted");
  line("power off", "ends it");
  return out + fmt::format("  evidence in {}\n", shown_path(status.value("folder", "?")));
}

}  // namespace seatrial::cli
