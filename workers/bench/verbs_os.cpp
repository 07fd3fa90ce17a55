// SPDX-License-Identifier: Apache-2.0
// What an OS family does in its own way, by the words of its profile
// (devices/profiles/<name>/profile.json).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/disk/grubenv.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/config_edit.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

constexpr double kCommandSeconds = 60;

Result<std::string> profile_entry(const Bench& bench,
                                  const std::map<std::string, std::string>& group,
                                  const char* name) {
  const auto it = group.find(name);
  if (it != group.end()) return it->second;
  return Failure("profile.missing", Blame::suite,
                 fmt::format("the OS profile {} does not say {}", bench.parts().profile.name, name),
                 "add it to profile.json of that OS family");
}

std::string filled(std::string text, std::string_view word, const std::string& value) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + value.size()))
    text.replace(at, word.size(), value);
  return text;
}

/// Runs a command that must succeed for the bench to go on.
Task<Result<std::string>> output_of(Bench& bench, std::string command, std::string input) {
  dut::RunRequest request(command, bench.scaled(kCommandSeconds));
  request.input = std::move(input);
  CO_TRY(auto result, co_await bench.ssh().run(std::move(request)));
  if (result.ok()) co_return std::move(result.out);
  co_return Failure("os.command", Blame::product,
                    fmt::format("`{}` ended with {}: {}", command.substr(0, 200), result.exit_code,
                                trim(result.err).substr(0, 300)),
                    "see the journal of the device");
}

Task<Result<json>> configure(Bench& bench, json arguments) {
  CO_TRY(const auto path, profile_entry(bench, bench.parts().profile.paths, "config"));
  CO_TRY(const auto write, profile_entry(bench, bench.parts().profile.commands, "write_config"));
  CO_TRY(const auto text, co_await output_of(bench, "cat " + dut::shell_quote(path), ""));
  CO_TRY(auto config, parse_config(text, path + " of the DUT"));
  edit_config(config, arguments.value("set", json::object()),
              arguments.value("remove", std::vector<std::string>{}));
  CO_TRY(auto ignored,
         co_await output_of(bench, filled(write, "{path}", dut::shell_quote(path)), config.dump()));
  (void)ignored;
  co_return json::object();
}

Task<Result<json>> install(Bench& bench, json arguments) {
  CO_TRY(const auto update, profile_entry(bench, bench.parts().profile.commands, "update"));
  dut::RunRequest request(
      filled(update, "{bundle}", dut::shell_quote(arguments.at("url").get<std::string>())),
      bench.span_or(arguments, bench.parts().device.budgets.update));
  CO_TRY(auto result, co_await bench.ssh().run(std::move(request)));
  json phases = json::array();
  for (const auto& line : split(result.out, '\n'))
    if (line.rfind("phase ", 0) == 0) phases.push_back(line.substr(6));
  co_return json{{"exit", result.exit_code},
                 {"out", result.out + result.err},
                 {"phases", phases},
                 {"seconds", seconds(result.took)}};
}

Task<Result<json>> reboot(Bench& bench, json) {
  bench.boots().expect_restart(Clock::system().monotonic());
  bench.console().sentinels().announce_reset();
  // The connection may end before the answer comes: that is what was asked for.
  auto asked = co_await output_of(bench, "systemctl reboot", "");
  if (!asked && asked.error().code() != "ssh.lost" && asked.error().code() != "os.command")
    co_return asked.error();
  bench.ssh().drop();
  co_return json::object();
}

/// "key=value" lines.
std::map<std::string, std::string> pairs_of(const std::string& text) {
  std::map<std::string, std::string> pairs;
  for (const auto& line : split(text, '\n'))
    if (const auto equals = line.find('='); equals != std::string::npos)
      pairs[line.substr(0, equals)] = line.substr(equals + 1);
  return pairs;
}

Task<Result<json>> slots(Bench& bench, json) {
  CO_TRY(const auto command, profile_entry(bench, bench.parts().profile.commands, "slots"));
  CO_TRY(const auto text, co_await output_of(bench, command, ""));
  auto pairs = pairs_of(text);
  const std::string active = pairs["active"];
  if (active != "A" && active != "B")
    co_return Failure(
        "os.slots", Blame::product,
        "the OS does not say which root is active: " + std::string(trim(text)).substr(0, 200),
        "check the by-state links on the device");
  const std::string inactive = active == "A" ? "B" : "A";
  json counters = json::object();
  for (const auto& [slot, key] :
       {std::pair{active, "active_counter"}, std::pair{inactive, "inactive_counter"}})
    if (const auto it = pairs.find(key);
        it != pairs.end() && !it->second.empty() &&
        it->second.size() < 18 &&  // what the device says is foreign: no number is too long
        it->second.find_first_not_of("0123456789") == std::string::npos)
      counters[slot] = std::stol(it->second);
  co_return json{{"active", active}, {"inactive", inactive}, {"counters", counters}};
}

Task<Result<json>> update_state(Bench& bench, json) {
  const auto& profile = bench.parts().profile;
  CO_TRY(const auto state, profile_entry(bench, profile.paths, "state"));
  CO_TRY(const auto boot, profile_entry(bench, profile.paths, "boot"));
  CO_TRY(const auto names,
         co_await output_of(bench, "cd " + dut::shell_quote(state) + " && ls -A", ""));
  CO_TRY(const auto block,
         co_await output_of(
             bench,
             "cat " + dut::shell_quote(boot + "/" + bench.parts().device.boot_loader.environment),
             ""));
  CO_TRY(const auto variables, disk::parse_grubenv(block));
  json files = json::array();
  for (const auto& name : split(names, '\n'))
    if (name.rfind("rollback-", 0) == 0 || name.rfind("override-", 0) == 0) files.push_back(name);
  co_return json{{"files", files}, {"variables", variables}};
}

Task<Result<json>> shorten_rollback(Bench& bench, json arguments) {
  CO_TRY(const auto file, profile_entry(bench, bench.parts().profile.paths, "rollback_timings"));
  std::string lines;
  const std::pair<const char*, const char*> keys[] = {{"settle", "SETTLE"},
                                                      {"count", "COUNT"},
                                                      {"interval", "TIMEOUT"},
                                                      {"reboot_delay", "REBOOT_DELAY"}};
  for (const auto& [key, name] : keys)
    if (arguments.contains(key) && arguments[key].get<double>() > 0)
      lines += fmt::format("{}={}\n", name, static_cast<long>(arguments[key].get<double>()));
  CO_TRY(auto ignored,
         co_await output_of(
             bench, "cat > " + dut::shell_quote(file) + " && sync -f " + dut::shell_quote(file),
             lines));
  (void)ignored;
  co_return json::object();
}

}  // namespace

void add_os_verbs(HandlerTable& table) {
  table["os.configure"] = configure;
  table["os.install"] = install;
  table["os.reboot"] = reboot;
  table["os.slots"] = slots;
  table["os.update_state"] = update_state;
  table["os.shorten_rollback"] = shorten_rollback;
}

}  // namespace seatrial::bench
