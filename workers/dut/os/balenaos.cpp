// SPDX-License-Identifier: Apache-2.0
#include "workers/dut/os/balenaos.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/disk/boot_environment.hpp"
#include "workers/dut/os/config_edit.hpp"

namespace seatrial::dut {
namespace {
using nlohmann::json;

constexpr const char* kConfigOnBoot = "/config.json";

Result<std::string> entry(const model::OsProfile& profile,
                          const std::map<std::string, std::string>& group, const char* name) {
  const auto it = group.find(name);
  if (it != group.end()) return it->second;
  return Failure("profile.missing", Blame::suite,
                 fmt::format("the OS profile {} does not say {}", profile.name, name),
                 "add it to profile.json of that OS family");
}

std::string filled(std::string text, std::string_view word, const std::string& value) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + value.size()))
    text.replace(at, word.size(), value);
  return text;
}

/// Runs a command that must succeed for the bench to go on.
Task<Result<std::string>> output_of(Shell* shell, std::string command, std::string input,
                                    Duration span) {
  RunRequest request(command, span);
  request.input = std::move(input);
  CO_TRY(auto result, co_await shell->run(std::move(request)));
  if (result.ok()) co_return std::move(result.out);
  co_return Failure("os.command", Blame::product,
                    fmt::format("`{}` ended with {}: {}", command.substr(0, 200), result.exit_code,
                                trim(result.err).substr(0, 300)),
                    "see the journal of the device");
}

/// "key=value" lines.
std::map<std::string, std::string> pairs_of(const std::string& text) {
  std::map<std::string, std::string> pairs;
  for (const auto& line : split(text, '\n'))
    if (const auto equals = line.find('='); equals != std::string::npos)
      pairs[line.substr(0, equals)] = line.substr(equals + 1);
  return pairs;
}

/// What the device says is foreign: no number is too long.
bool is_small_number(const std::string& text) {
  return !text.empty() && text.size() < 18 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

class BalenaOs final : public OsFamily {
 public:
  BalenaOs(model::OsProfile profile, model::DeviceType device)
      : profile_(std::move(profile)), device_(std::move(device)) {}

  json settings(const BenchOffer& offer) const override {
    return {{"apiEndpoint", "http://" + offer.api_host},
            {"apiKey", offer.provisioning_key},
            {"applicationId", offer.application},
            {"deviceType", device_.aliases.empty() ? device_.slug : device_.aliases.front()},
            {"appUpdatePollInterval", 20000},
            {"bootstrapRetryDelay", 2000},
            {"listenPort", profile_.supervisor_port},
            {"developmentMode", true},
            {"persistentLogging", false},
            {"os.sshKeys", json::array({offer.ssh_key})},
            {"os.network.connectivity.uri", "http://" + offer.api_host + "/connectivity-check"}};
  }

  drivers::FileEdit configuration(json set, std::vector<std::string> remove) const override {
    drivers::FileEdit edit;
    edit.partition = "boot";
    edit.path = kConfigOnBoot;
    edit.change = [set = std::move(set), remove = std::move(remove)](
                      std::optional<std::string> old) -> Result<std::string> {
      json config = json::object();
      if (old && !trim(*old).empty()) {
        TRY(config, parse_config(*old, "on the boot partition of the medium"));
      }
      edit_config(config, set, remove);
      register_config_secrets(config);
      return config.dump();
    };
    return edit;
  }

  Result<json> shown(std::string_view configuration) const override {
    TRY(auto config, parse_config(configuration, "on the boot partition of the medium"));
    return masked(std::move(config));
  }

  std::string registration() const override {
    return "method=POST&path=/device/register&status=201";
  }

  std::vector<EvidenceCommand> evidence() const override {
    return {
        {"journal.txt", "journalctl --no-pager -o short-precise -n 4000"},
        {"units.txt",
         "systemctl --failed --no-pager --no-legend; systemctl list-jobs --no-pager --no-legend"},
        {"state.txt",
         "ls -la /mnt/state /mnt/data /mnt/boot; cat /mnt/boot/grubenv; cat /proc/cmdline; df -h; "
         "free -m; ip addr"},
    };
  }

  Task<Result<ShellFacts>> identify(Shell& shell, Duration span) const override {
    CO_TRY(
        const auto text,
        co_await output_of(
            &shell, "cat /proc/sys/kernel/random/boot_id; . /etc/os-release; echo \"$VERSION_ID\"",
            "", span));
    const auto lines = split(text, '\n');
    ShellFacts facts;
    if (!lines.empty()) facts.boot_id = std::string(trim(lines[0]));
    if (lines.size() > 1) facts.os_version = std::string(trim(lines[1]));
    if (facts.boot_id.empty())
      co_return Failure("shell.facts", Blame::product, "the DUT does not tell its boot id",
                        "see the journal of the device");
    co_return facts;
  }

  Task<Result<>> settle(Shell& shell, Duration span) const override {
    // The job queue of the service manager is empty, whether all units are well or not.
    RunRequest request("systemctl is-system-running --wait >/dev/null; true", span);
    auto settled = co_await shell.run(std::move(request));
    if (settled) co_return Result<>();
    if (settled.error().code() != "deadline") co_return settled.error();
    co_return Failure("boot.not_settled", Blame::product,
                      "the OS is still starting units long after its shell answered",
                      "see systemctl list-jobs on the device");
  }

  Task<Result<>> registered(Shell& shell, Duration span) const override {
    CO_TRY(const auto path, entry(profile_, profile_.paths, "config"));
    RunRequest written(fmt::format("for i in $(seq 100); do grep -q registered_at {0} && ! grep "
                                   "-q '\"apiKey\"' {0} && exit 0; sleep 0.2; done; exit 1",
                                   shell_quote(path)),
                       span);
    CO_TRY(const auto result, co_await shell.run(std::move(written)));
    if (result.ok()) co_return Result<>();
    co_return Failure("provisioning.not_written", Blame::product,
                      "the device registered, but config.json does not say so",
                      "see the journal of the supervisor");
  }

  Task<Result<>> configure(Shell& shell, json set, std::vector<std::string> remove,
                           Duration span) const override {
    CO_TRY(const auto path, entry(profile_, profile_.paths, "config"));
    CO_TRY(const auto write, entry(profile_, profile_.commands, "write_config"));
    CO_TRY(const auto text, co_await output_of(&shell, "cat " + shell_quote(path), "", span));
    CO_TRY(auto config, parse_config(text, path + " of the DUT"));
    edit_config(config, set, remove);
    register_config_secrets(config);
    CO_TRY(auto ignored, co_await output_of(&shell, filled(write, "{path}", shell_quote(path)),
                                            config.dump(), span));
    (void)ignored;
    co_return Result<>();
  }

  Task<Result<InstallOutcome>> install(Shell& shell, std::string url,
                                       Duration span) const override {
    CO_TRY(const auto update, entry(profile_, profile_.commands, "update"));
    RunRequest request(filled(update, "{bundle}", shell_quote(url)), span);
    CO_TRY(auto result, co_await shell.run(std::move(request)));
    InstallOutcome outcome;
    for (const auto& line : split(result.out, '\n'))
      if (line.rfind("phase ", 0) == 0) outcome.phases.push_back(line.substr(6));
    outcome.exit_code = result.exit_code;
    outcome.out = result.out + result.err;
    outcome.took = result.took;
    co_return outcome;
  }

  Task<Result<>> restart(Shell& shell, Duration span) const override {
    // The connection may end before the answer comes: that is what was asked for.
    auto asked = co_await output_of(&shell, "systemctl reboot", "", span);
    if (!asked && asked.error().code() != "ssh.lost" && asked.error().code() != "os.command")
      co_return asked.error();
    co_return Result<>();
  }

  Task<Result<Slots>> slots(Shell& shell, Duration span) const override {
    CO_TRY(const auto command, entry(profile_, profile_.commands, "slots"));
    CO_TRY(const auto text, co_await output_of(&shell, command, "", span));
    auto pairs = pairs_of(text);
    Slots slots;
    slots.active = pairs["active"];
    if (slots.active != "A" && slots.active != "B")
      co_return Failure(
          "os.slots", Blame::product,
          "the OS does not say which root is active: " + std::string(trim(text)).substr(0, 200),
          "check the by-state links on the device");
    slots.inactive = slots.active == "A" ? "B" : "A";
    if (is_small_number(pairs["active_counter"]))
      slots.counters[slots.active] = std::stol(pairs["active_counter"]);
    if (is_small_number(pairs["inactive_counter"]))
      slots.counters[slots.inactive] = std::stol(pairs["inactive_counter"]);
    co_return slots;
  }

  Task<Result<UpdateState>> update_state(Shell& shell, Duration span) const override {
    CO_TRY(const auto state, entry(profile_, profile_.paths, "state"));
    CO_TRY(const auto boot, entry(profile_, profile_.paths, "boot"));
    CO_TRY(const auto names,
           co_await output_of(&shell, "cd " + shell_quote(state) + " && ls -A", "", span));
    CO_TRY(
        const auto block,
        co_await output_of(
            &shell, "cat " + shell_quote(boot + "/" + device_.boot_loader.environment), "", span));
    UpdateState out;
    CO_TRY(out.variables, disk::parse_boot_environment(device_.boot_loader.kind, block));
    for (const auto& name : split(names, '\n'))
      if (name.rfind("rollback-", 0) == 0 || name.rfind("override-", 0) == 0)
        out.files.push_back(name);
    co_return out;
  }

  Task<Result<>> shorten_rollback(Shell& shell, RollbackTimings timings,
                                  Duration span) const override {
    CO_TRY(const auto file, entry(profile_, profile_.paths, "rollback_timings"));
    std::string lines;
    const std::pair<const char*, double> values[] = {{"SETTLE", timings.settle},
                                                     {"COUNT", timings.count},
                                                     {"TIMEOUT", timings.interval},
                                                     {"REBOOT_DELAY", timings.reboot_delay}};
    for (const auto& [name, value] : values)
      if (value > 0) lines += fmt::format("{}={}\n", name, static_cast<long>(value));
    const auto quoted = shell_quote(file);
    CO_TRY(auto ignored,
           co_await output_of(&shell, "cat > " + quoted + " && sync -f " + quoted, lines, span));
    (void)ignored;
    co_return Result<>();
  }

 private:
  model::OsProfile profile_;
  model::DeviceType device_;
};

}  // namespace

std::unique_ptr<OsFamily> make_balenaos(model::OsProfile profile, model::DeviceType device) {
  return std::make_unique<BalenaOs>(std::move(profile), std::move(device));
}

}  // namespace seatrial::dut
