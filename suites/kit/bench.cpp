// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "suites/kit/caller.hpp"
#include "suites/kit/convert.hpp"

namespace seatrial::kit {
using nlohmann::json;

namespace {

constexpr int kBase64Since = 3;  // version of the protocol: an older bench host knows none

json to_json(const Settings& settings) {
  json set = json::object();
  for (const auto& setting : settings)
    std::visit([&](const auto& value) { set[setting.key] = value; }, setting.value);
  return set;
}

json configuration(const Settings& set, const std::vector<std::string>& remove) {
  json args{{"set", to_json(set)}};
  if (!remove.empty()) args["remove"] = remove;
  return args;
}

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// A case must not conclude from half an output.
const CommandResult& whole(const CommandResult& result) {
  if (result.out_dropped == 0) return result;
  throw BenchFailure(
      Failure("suite.output_cut", Blame::suite,
              fmt::format("`{}` printed {} bytes more than the {} that are kept of an output",
                          result.command, result.out_dropped, result.out.size()),
              "have the command print less (grep, tail, a count), or write a file and get() it"));
}

[[noreturn]] void product_failure(std::string code, std::string what, std::string advice) {
  throw BenchFailure(Failure(std::move(code), Blame::product, std::move(what), std::move(advice)));
}

}  // namespace

Value Profile::named(std::string_view group, std::string_view name) const {
  const auto value = value_[group][name];
  if (!value.exists())
    throw BenchFailure(Failure("suite.profile_lacks", Blame::suite,
                               fmt::format("the OS profile has no {} \"{}\"", group, name),
                               "add it to devices/profiles/*/profile.json"));
  return value;
}

// Asked before anything else: no budget may be used before its scale is known.
Bench::Bench(Link& link) : caller_(std::make_unique<Caller>(link)) { info(); }
Bench::~Bench() = default;

const BenchInfo& Bench::info() {
  if (info_) return *info_;
  const auto reply = caller_->call("bench.info");
  auto info = std::make_unique<BenchInfo>();
  info->device = reply["device"];
  info->profile = Profile(reply["profile"]);
  info->image = {reply["image"]["name"].text(), "", reply["image"]["version"].text(),
                 reply["image"]["digest"].text()};
  info->files = reply["files"];
  info->capabilities = reply["capabilities"].texts();
  info->budget_scale = std::max(0.01, reply["budget_scale"].number(1));
  info->mutant = reply["mutant"].text();
  caller_->set_scale(info->budget_scale);
  info_ = std::move(info);
  return *info_;
}

bool Bench::offers(std::string_view capability) {
  const auto& all = info().capabilities;
  return std::find(all.begin(), all.end(), capability) != all.end();
}

Within Bench::budget(std::string_view name) {
  const auto value = info().device["budgets"][name];
  if (!value.is_number())
    throw BenchFailure(Failure("suite.no_budget", Blame::suite,
                               fmt::format("the device type has no budget \"{}\"", name),
                               "add it to \"budgets\" in devices/*/device.json"));
  return within(Seconds(value.number()));
}

int Bench::attempt_limit() {
  return static_cast<int>(info().device["boot_loader"]["attempt_limit"].whole(1));
}

int Bench::partition_number(std::string_view role) {
  for (const auto& partition : info().device["partitions"].items())
    if (partition["role"].text() == role) return static_cast<int>(partition["number"].whole());
  return 0;
}

void Bench::require(bool holds, const std::string& what) {
  if (holds) return;
  throw BenchFailure(Failure("bench.precondition", Blame::bench,
                             "the case relies on this, and it does not hold: " + what,
                             "look at how the bench reached the checkpoint of this case"));
}

void Bench::power_on() { caller_->call("power.on"); }
void Bench::power_off() { caller_->call("power.off"); }
void Bench::power_cycle() { caller_->call("power.cycle"); }

Seconds Bench::soft_off(Within budget) {
  return Seconds(caller_->call("power.soft_off", json::object(), budget)["seconds"].number());
}

void Bench::configure_medium(const Settings& set, const std::vector<std::string>& remove) {
  caller_->call("storage.configure", configuration(set, remove));
}

void Bench::write_medium(std::string_view partition, std::string_view path,
                         std::string_view content) {
  json args{{"partition", partition}, {"path", path}};
  add_content(args, content);
  caller_->call("storage.write", std::move(args));
}

Boot Bench::current_boot() { return to_boot(caller_->call("boot.current")["boot"]); }

Boot Bench::next_boot(const Boot& boot, Within budget) { return boot_after(boot.number, budget); }

Boot Bench::boot_after(int number, Within budget) {
  return to_boot(caller_->call("boot.next", {{"after", number}}, budget)["boot"]);
}

std::vector<Boot> Bench::boots() {
  std::vector<Boot> all;
  for (const auto& item : caller_->call("boot.history")["boots"].items())
    all.push_back(to_boot(item));
  return all;
}

Boot Bench::restart() {
  const Boot before = current_boot();
  soft_off(budget("shutdown"));
  power_on();
  return next_boot(before, budget("boot_to_ssh"));
}

void Bench::wait_for_shell(Within budget) { caller_->call("shell.wait", json::object(), budget); }

CommandResult Bench::run(const std::string& command, Within budget) {
  json args{{"command", command}};
  if (caller_->speaks(kBase64Since)) args["base64"] = true;
  return to_command(command, caller_->call("shell.run", std::move(args), budget));
}

std::string Bench::output(const std::string& command, Within budget) {
  const auto result = run(command, budget);
  if (!result.ok())
    product_failure("command.failed",
                    fmt::format("`{}` ended with {}: {}", command, result.exit,
                                result.err.empty() ? result.out : result.err),
                    "run the command on the device: seatrial shell");
  return whole(result).line();
}

void Bench::wait_until(const std::string& what, const std::string& condition, Within budget) {
  const double seconds = caller_->scaled(budget.span);
  // The device watches itself, four times a second; no traffic meanwhile.
  const auto command = fmt::format(
      "timeout {} sh -c {}", static_cast<long>(std::ceil(seconds)),
      shell_quoted("until { " + condition + "; } >/dev/null 2>&1; do sleep 0.25; done"));
  const auto result = run(command, Within{budget.span + Seconds(10)});
  if (result.exit == 124)
    product_failure("product.too_slow",
                    fmt::format("after {:.0f} s it still did not hold that {}", seconds, what),
                    "see the journal of the device and the console around this step");
  if (!result.ok())
    product_failure(
        "command.failed",
        fmt::format("watching whether {} ended with {}: {}", what, result.exit, result.err),
        "run the condition on the device: " + condition);
}

void Bench::put(std::string_view path, std::string_view content, std::string_view mode) {
  json args{{"path", path}, {"mode", mode}};
  add_content(args, content);
  caller_->call("shell.put", std::move(args));
}

std::string Bench::get(std::string_view path) {
  return to_content(caller_->call("shell.get", {{"path", path}}));
}

LocalAddress Bench::forward(int port) {
  const auto reply = caller_->call("shell.forward", {{"port", port}});
  return {reply["host"].text(), static_cast<int>(reply["port"].whole())};
}

bool Bench::has_file(const std::string& path) { return run("test -e " + shell_quoted(path)).ok(); }

Value Bench::config() { return Value::parse(get(profile().path("config"))); }

void Bench::configure(const Settings& set, const std::vector<std::string>& remove) {
  caller_->call("os.configure", configuration(set, remove));
}

std::vector<std::string> Bench::journal(const std::string& unit) {
  return whole(run("journalctl --no-pager -o cat -u " + shell_quoted(unit))).lines();
}

std::string Bench::unit_state(const std::string& unit) {
  return run("systemctl show --value -p ActiveState " + shell_quoted(unit)).line();
}

void Bench::reboot() { caller_->call("os.reboot"); }

Image Bench::image(const std::string& role, const std::string& damage) {
  json args{{"role", role}};
  if (!damage.empty()) args["damage"] = damage;
  const auto reply = caller_->call("image.url", std::move(args));
  return {role, reply["url"].text(), reply["version"].text(), reply["digest"].text()};
}

InstallResult Bench::install(const Image& image, Within budget) {
  try {
    const auto reply = caller_->call("os.install", {{"url", image.url}}, budget);
    return {static_cast<int>(reply["exit"].whole(-1)), reply["out"].text(), reply["phases"].texts(),
            Seconds(reply["seconds"].number())};
  } catch (const BenchFailure& failure) {
    // The updater ran longer than the product is allowed; for the shell it is any command.
    if (failure.failure().code() != "deadline") throw;
    product_failure("update.too_slow", failure.failure().what(),
                    "see the journal of the updater and the console around this step");
  }
}

Slots Bench::slots() {
  const auto reply = caller_->call("os.slots");
  return {Slot(reply["active"].text()), Slot(reply["inactive"].text()), reply["counters"]};
}

UpdateState Bench::update_state() {
  const auto reply = caller_->call("os.update_state");
  return {reply["files"].texts(), reply["variables"]};
}

void Bench::shorten_rollback(Seconds settle, int count, Seconds interval, Seconds reboot_delay) {
  json args = json::object();
  if (settle.count() > 0) args["settle"] = settle.count();
  if (count > 0) args["count"] = count;
  if (interval.count() > 0) args["interval"] = interval.count();
  if (reboot_delay.count() > 0) args["reboot_delay"] = reboot_delay.count();
  caller_->call("os.shorten_rollback", std::move(args));
}

}  // namespace seatrial::kit
