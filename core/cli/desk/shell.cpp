// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/shell.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/base/race.hpp"
#include "core/base/within.hpp"
#include "core/cli/desk/foreground.hpp"
#include "core/cli/desk/waiting.hpp"
#include "core/io/file.hpp"
#include "workers/dut/shell.hpp"

namespace seatrial::cli {
using namespace std::chrono_literals;
using nlohmann::json;
namespace {

/// What ssh writes into its log when the command on the other side has ended, with whatever code.
constexpr std::string_view kEnded = "Received exit status from master";

Task<Result<json>> ask_plainly(ClientPtr client, std::string verb) {
  json nothing = json::object();
  co_return co_await client->call(std::move(verb), std::move(nothing));
}

std::string how_far(const json& boot) {
  if (boot.contains("seconds_to_login")) return "it shows its login prompt";
  if (boot.contains("seconds_to_kernel")) return "its kernel runs";
  return boot.value("number", 0) == 0 ? "it has not begun to boot" : "it boots";
}

Task<Result<json>> show_progress(ClientPtr client, Waiting* waiting) {
  for (;;) {
    CO_TRY(const auto current, co_await ask_plainly(client, "boot.current"));
    waiting->tick(how_far(current.value("boot", json::object())));
    co_await pause(1s);
  }
}

Task<Result<json>> wait_for_shell(ClientPtr client, bool quiet) {
  auto waiting = Waiting::on_stderr("waiting for the shell of the device", quiet);
  auto first = co_await race(ask_plainly(client, "shell.wait"), show_progress(client, &waiting));
  co_return first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
}

Failure lost() {
  return Failure("ssh.lost", Blame::unknown, "the SSH connection to the device broke",
                 "'seatrial console' shows what the device did");
}

}  // namespace

Task<Result<int>> reach_shell(ClientPtr client, bool power_on, bool quiet, ShellAccess* access) {
  if (power_on) {
    CO_TRY(const auto on, co_await ask_plainly(client, "power.on"));
    (void)on;
  }
  CO_TRY(const auto power, co_await ask_plainly(client, "power.status"));
  if (power.value("state", "") == "off")
    co_return Failure("power.off", Blame::bench, "the device is off",
                      "'seatrial power on' switches it on");
  // Asked first: a connection that stands needs no waiting, and no words about it.
  CO_TRY(const auto current, co_await ask_plainly(client, "boot.current"));
  const auto& boot = current.value("boot", json::object());
  if (boot.value("boot_id", "").empty() || !boot.value("ended_by", "").empty()) {
    CO_TRY(const auto ready, co_await wait_for_shell(client, quiet));
    (void)ready;
  }
  CO_TRY(const auto answer, co_await ask_plainly(client, "shell.access"));
  access->program = answer.value("program", "ssh");
  access->host = answer.value("host", "");
  access->arguments = answer.value("arguments", std::vector<std::string>());
  co_return 0;
}

std::string remote_line(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : " ") + dut::shell_quote(word);
  if (words.size() == 1) line = words.front();
  // A shell around it, so that a signal that ends it comes back as 128 + n.
  return fmt::format("\"${{SHELL:-/bin/sh}}\" -c {}; exit $?", dut::shell_quote(line));
}

Result<int> run_shell(const ShellAccess& access, const std::vector<std::string>& words,
                      bool terminal) {
  TRY(const auto folder, io::TempDir::make("seatrial-shell"));
  const auto log = folder.path() / "ssh.log";
  auto arguments = access.arguments;
  const auto add = [&](std::initializer_list<std::string> more) {
    arguments.insert(arguments.end(), more);
  };
  add({"-E", log.string(), "-v", "-v"});
  // The last of these counts. With a terminal, ~. at the start of a line ends a session that hangs.
  if (terminal)
    add({"-tt", "-e", "~"});
  else
    add({"-T"});
  add({"--", access.host});
  if (!words.empty()) add({remote_line(words)});
  TRY(const auto status, run_in_foreground(access.program, arguments));
  if (status.signal != 0) return 128 + status.signal;
  if (status.code != 255) return status.code;
  const auto said = io::read_file(log);
  if (said && said->find(kEnded) != std::string::npos) return 255;
  return lost();
}

}  // namespace seatrial::cli
