// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/within.hpp"
#include "core/io/file.hpp"
#include "workers/bench/boot_json.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using nlohmann::json;

Bench::Bench(BenchParts parts, EventWriter& events, Steps& steps, Alarm& alarm, Nursery& nursery)
    : parts_(std::move(parts)), events_(events), steps_(steps), alarm_(alarm), nursery_(nursery) {}

Bench::~Bench() = default;

std::string Bench::name() const {
  return parts_.plan.bench.empty() ? "qemu:" + parts_.device.slug : parts_.plan.bench;
}

std::vector<std::string> Bench::offers() const {
  auto all = parts_.device.capabilities;  // of board and OS
  for (auto& own : rig_->offers()) all.push_back(std::move(own));
  return all;
}

std::optional<std::string> Bench::lacks(const std::string& capability) const {
  for (const auto& [missing, why] : rig_->lacks())
    if (missing == capability) return "this bench has no " + capability + ": " + why;
  const auto offered = offers();
  if (std::find(offered.begin(), offered.end(), capability) != offered.end()) return std::nullopt;
  return "neither the device type " + parts_.device.slug + ", nor the OS profile " +
         parts_.profile.name + ", nor the bench " + name() + " has " + capability;
}

Then Bench::now() const {
  const auto& boot = boots_->current();
  return {boot.number, boot.ended(), powered_};
}

Task<Result<>> Bench::blamed(Result<> result, Then then) {
  if (result) co_return result;
  auto failure = co_await blamed(result.error(), then);
  co_return failure;
}

Task<Failure> Bench::blamed(Failure failure, Then then) {
  if (failure.blame() != Blame::unknown || failure.code().rfind("ssh.", 0) != 0) co_return failure;
  // What ended the connection may be told a moment later than the connection's end.
  constexpr int kLooks = 20;
  for (int look = 0; look < kLooks; ++look) {
    SinceThen since{then, &boots_->current(), powered_, alarm_.raised()};
    if (auto known = explained(failure, since)) co_return std::move(*known);
    co_await pause(100ms);
  }
  co_return failure;
}

Task<Result<json>> Bench::call(const model::Verb& verb, json arguments, double) {
  const Then then = now();
  auto answer = co_await handled(verb, std::move(arguments));
  if (answer) co_return answer;
  auto failure = co_await blamed(answer.error(), then);
  co_return failure;
}

Task<Result<json>> Bench::handled(const model::Verb& verb, json arguments) {
  if (verb.name == "bench.info") co_return facts();
  if (!verb.capability.empty())
    if (auto why = lacks(std::string(verb.capability)))
      co_return Failure("bench.lacks", Blame::suite, *why,
                        "declare the need in the case, so that it is skipped here: needs(...)");
  const auto it = handlers().find(verb.name);
  if (it == handlers().end())
    co_return Failure("bench.no_handler", Blame::seatrial,
                      fmt::format("the verb {} has no handler", verb.name), "report this");
  co_return co_await it->second(*this, std::move(arguments));
}

Task<Result<json>> Bench::stream(const model::Verb& verb, json arguments,
                                 std::shared_ptr<Stream> stream) {
  if (auto why = lacks(std::string(verb.capability)))
    co_return Failure("bench.lacks", Blame::suite, *why, "ask `bench.info` what this bench offers");
  const auto it = stream_handlers().find(verb.name);
  if (it == stream_handlers().end())
    co_return Failure("bench.no_handler", Blame::seatrial,
                      fmt::format("the stream {} has no handler", verb.name), "report this");
  co_return co_await it->second(*this, std::move(arguments), std::move(stream));
}

json Bench::facts() const {
  const auto& budgets = parts_.device.budgets;
  const auto file = [](const model::FileRef& ref) {
    return json{{"name", ref.name}, {"version", ref.version}, {"digest", ref.digest}};
  };
  json partitions = json::array();
  for (const auto& partition : parts_.device.partitions)
    partitions.push_back({{"number", partition.number},
                          {"label", partition.label},
                          {"filesystem", partition.filesystem},
                          {"role", partition.role}});
  json device{{"slug", parts_.device.slug},
              {"aliases", parts_.device.aliases},
              {"arch", parts_.device.arch},
              {"boot_loader",
               {{"kind", parts_.device.boot_loader.kind},
                {"attempt_limit", parts_.device.boot_loader.attempt_limit}}},
              {"console", {{"login_prompt", parts_.device.console.login_prompt}}},
              {"partitions", partitions},
              {"budgets",
               {{"boot_to_login", budgets.boot_to_login},
                {"boot_to_ssh", budgets.boot_to_ssh},
                {"shutdown", budgets.shutdown},
                {"update", budgets.update},
                {"provisioning", budgets.provisioning}}}};
  const auto& os = parts_.profile;
  json profile{{"name", os.name},
               {"paths", os.paths},
               {"units", os.units},
               {"expected_active", os.expected_active},
               {"limits", os.limits},
               {"messages", os.messages},
               {"names", os.names},
               {"os_release_fields", os.os_release_fields},
               {"supervisor_port", os.supervisor_port},
               {"login_user", os.login_user}};
  json files = json::object();
  for (const auto& [role, ref] : parts_.plan.files) files[role] = file(ref);
  json capabilities = json::array();
  for (const auto& capability : offers())
    if (!lacks(capability)) capabilities.push_back(capability);
  json instruments = json::object();
  for (const auto& [key, value] : rig_->facts()) instruments[key] = value;
  return {{"device", device},
          {"profile", profile},
          {"image", file(parts_.plan.image)},
          {"files", files},
          {"capabilities", capabilities},
          {"budget_scale", budget_scale()},
          {"mutant", parts_.plan.mutant},
          {"instruments", instruments}};
}

Duration Bench::scaled(double reference_seconds) const {
  return from_seconds(reference_seconds * budget_scale());
}

Duration Bench::span_or(const json& arguments, double reference_seconds) const {
  const auto it = arguments.find("timeout");
  if (it != arguments.end() && it->is_number() && it->get<double>() > 0)
    return from_seconds(it->get<double>());
  return scaled(reference_seconds);
}

std::filesystem::path Bench::private_folder() const {
  return std::filesystem::path(parts_.plan.out) / "private";
}

std::string Bench::api_host() const { return rig_->network()->api_host(); }

void Bench::begin_case() {
  if (const auto& between = alarm_.raised())
    events_.write("note",
                  json{{"level", "warn"}, {"text", "before this case: " + between->describe()}});
  scale_ = parts_.plan.budget_scale > 0 ? parts_.plan.budget_scale : rig_->slowness();
  if (auto* checkpoints = rig_->checkpoints()) checkpoints->forget_all(kCaseStates);
  allowances_.clear();
  case_offset_ = console_->mark();
  console_->sentinels().begin_scope();
  alarm_.reset();
}

std::optional<Failure> Bench::unsettled() {
  for (const auto& alarm : console_->sentinels().alarms(case_offset_))
    if (!alarm.allowed) return failure_of(alarm.id, alarm.line, scale_ > 1);
  return std::nullopt;
}

void Bench::on_alarm(const console::Alarm& alarm) {
  events_.write("sentinel", json{{"id", alarm.id},
                                 {"severity", to_string(alarm.severity)},
                                 {"line", alarm.line},
                                 {"offset", alarm.offset},
                                 {"allowed", alarm.allowed}});
  if (!alarm.allowed && alarm.severity == console::Severity::fatal)
    alarm_.raise(failure_of(alarm.id, alarm.line, scale_ > 1));
}

console::Subscription Bench::on_rig_event(std::function<void(const RigEvent&)> sink) {
  auto owner = std::make_shared<int>(0);
  rig_taps_.push_back(std::make_shared<RigTap>(RigTap{owner, std::move(sink)}));
  return owner;
}

void Bench::take_rig_event(const RigEvent& event) {
  const auto now = Clock::system().monotonic();
  switch (event.kind) {
    case RigEvent::Kind::powered_on: {
      powered_ = true;
      const auto offset = console_->power_on();
      next_boot_offset_ = offset;
      events_.write("console_mark", json{{"offset", offset}, {"text", "power on"}});
      events_.write("power", json{{"action", "on"}, {"state", "on"}});
      boots_->powered_on(now);
      if (rig_->console()) nursery_.start("waiting for the console", need_console(consoles_));
      break;
    }
    case RigEvent::Kind::powered_off:
      powered_ = false;
      events_.write("console_mark", json{{"offset", console_->power_off()}, {"text", "power off"}});
      events_.write(
          "power", json{{"action", event.detail.empty() ? "off" : event.detail}, {"state", "off"}});
      boots_->powered_off(now, event.detail.empty() ? "power off" : event.detail);
      ssh_->drop();
      session_->forget();
      break;
    case RigEvent::Kind::reset:
      next_boot_offset_ = console_->mark();
      boots_->reset(now, event.by_guest, event.watchdog);
      session_->forget();
      break;
    case RigEvent::Kind::restored:
      break;  // restore_checkpoint() tells the tracker which boot it is
    case RigEvent::Kind::trouble:
      if (event.failure) {
        events_.write("note", json{{"level", "warn"}, {"text", event.failure->describe()}});
        alarm_.raise(*event.failure);
      }
      break;
  }
  std::erase_if(rig_taps_, [](const auto& tap) { return tap->owner.expired(); });
  const auto taps = rig_taps_;  // a copy: a call may add or end one
  for (const auto& tap : taps)
    if (const auto alive = tap->owner.lock()) tap->sink(event);
}

void Bench::record_boot(const dut::Boot& boot) {
  if (!boot_offsets_.count(boot.number)) boot_offsets_[boot.number] = next_boot_offset_;
  // One event when a boot's story has grown, not for every change of it.
  const std::string story =
      fmt::format("{}{}{}{}", boot.loader_at.has_value(), boot.login_at.has_value(),
                  boot.shell_at.has_value(), boot.ended());
  if (recorded_boots_[boot.number] == story) return;
  recorded_boots_[boot.number] = story;
  events_.write("boot", describe_boot(boot));
}

json Bench::describe_boot(const dut::Boot& boot) const {
  json out = boot_json(boot);
  const auto offset = boot_offsets_.find(boot.number);
  out["console_offset"] = offset == boot_offsets_.end() ? 0 : offset->second;
  const auto began = boot.loader_at.value_or(boot.started_at);
  out["at"] = events_.now() - seconds(Clock::system().monotonic() - began);
  return out;
}

Task<Result<>> Bench::switch_on() {
  CO_TRY(auto before, co_await rig_->power().state());
  if (before == drivers::PowerState::on) {
    // A board that has shut down and still has power does not start by being given it.
    CO_TRY(const auto running, co_await rig_->run_state());
    const bool halted = running == RunState::unknown && boots_->current().ended();
    if (running == RunState::stopped || halted) {
      CO_CHECK_OK(co_await switch_off());
      before = drivers::PowerState::off;
    }
  }
  if (auto* storage = rig_->storage(); storage && before != drivers::PowerState::on)
    CO_CHECK_OK(co_await storage->connect_dut());
  CO_CHECK_OK(co_await rig_->power().on());
  CO_TRY(const auto state, co_await rig_->power().state());
  if (state != drivers::PowerState::on)
    co_return Failure(
        "power.not_on", Blame::bench,
        "the DUT was switched on, but the instrument says " + std::string(to_string(state)),
        "check the power instrument and its wiring");
  co_return Result<>();
}

Task<Result<>> Bench::switch_off() {
  CO_CHECK_OK(co_await rig_->power().off());
  CO_TRY(const auto state, co_await rig_->power().state());
  if (state == drivers::PowerState::on)
    co_return Failure("power.not_off", Blame::bench,
                      "the DUT was switched off, but the instrument says it is on",
                      "check the power instrument and its wiring");
  co_return Result<>();
}

Task<Result<>> Bench::make_safe() {
  Result<> safe;
  if (rig_) safe = co_await rig_->make_safe();
  if (cloud_) co_await cloud_->stop();
  std::error_code ignored;  // bundles served to the DUT are no evidence; at worst they stay
  std::filesystem::remove_all(std::filesystem::path(parts_.plan.out) / "files", ignored);
  co_return safe;
}

}  // namespace seatrial::bench
