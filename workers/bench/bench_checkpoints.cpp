// SPDX-License-Identifier: Apache-2.0
// How a bench gets to a checkpoint: flash, configure, boot, provision, or go back to a saved state.
#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/base/unless.hpp"
#include "core/base/within.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/config_edit.hpp"
#include "workers/bench/medium.hpp"
#include "workers/bench/qemu_rig.hpp"
#include "workers/dut/clock.hpp"

namespace seatrial::bench {
using namespace std::chrono_literals;
using nlohmann::json;

namespace {
constexpr double kSettleSeconds = 60;
constexpr double kClockSeconds = 20;
}  // namespace

json Bench::standard_config() const {
  return {{"apiEndpoint", fmt::format("http://{}", kQemuApiAddress)},
          {"apiKey", cloud_->provisioning_key()},
          {"applicationId", cloud_->application()},
          {"deviceType",
           parts_.device.aliases.empty() ? parts_.device.slug : parts_.device.aliases.front()},
          {"appUpdatePollInterval", 20000},
          {"bootstrapRetryDelay", 2000},
          {"listenPort", parts_.profile.supervisor_port},
          {"developmentMode", true},
          {"persistentLogging", false},
          {"os.sshKeys", json::array({key_.public_line})},
          {"os.network.connectivity.uri",
           fmt::format("http://{}/connectivity-check", kQemuApiAddress)}};
}

Task<Result<drivers::FlashReceipt>> Bench::flash(std::string role) {
  model::FileRef image = parts_.plan.image;
  if (!role.empty()) {
    const auto it = parts_.plan.files.find(role);
    if (it == parts_.plan.files.end())
      co_return Failure("image.not_in_run", Blame::suite,
                        "this run has no image for the role " + role,
                        "declare it in the case: images(\"" + role + "\")");
    image = it->second;
  }
  CO_TRY(auto receipt, co_await rig_->storage().flash(std::move(image)));
  ssh_->drop();
  ssh_->forget_host_key();
  session_->forget();
  auto executor = co_await boost::asio::this_coro::executor;
  CO_CHECK_OK(start_boots(executor));
  events_.write(
      "note", json{{"level", "info"},
                   {"text", fmt::format("flashed {} ({}, {})", receipt.medium,
                                        receipt.image_digest.substr(0, 12), receipt.verify_mode)}});
  co_return receipt;
}

Task<Result<json>> Bench::configure_offline(json set, std::vector<std::string> remove) {
  CO_TRY(const auto medium, co_await open_medium(*this));
  auto text = medium.read("boot", "/config.json");
  const bool absent = !text && text.error().code() == "disk.no_such_file";
  if (!text && !absent) co_return text.error();
  json config = json::object();
  if (!absent && !trim(*text).empty()) {
    CO_TRY(config, parse_config(*text, "in the boot partition of " + parts_.plan.image.name));
  }
  edit_config(config, set, remove);
  CO_CHECK_OK(medium.write("boot", "/config.json", config.dump()));
  co_return masked(std::move(config));
}

Task<Result<>> Bench::prepare_fresh() {
  CO_CHECK_OK(co_await switch_off());
  CO_TRY(auto receipt, co_await flash(""));
  (void)receipt;
  json set = standard_config();
  CO_TRY(auto config, co_await configure_offline(std::move(set), {}));
  (void)config;
  CO_TRY(auto reset, co_await cloud_->control("POST", "/_seatrial/reset", json::object(), 20s));
  (void)reset;
  co_return Result<>();
}

Task<Result<>> Bench::read_shell_facts(unsigned number) {
  const auto asked = Clock::system().monotonic();
  dut::RunRequest request(
      "cat /proc/sys/kernel/random/boot_id; . /etc/os-release; echo \"$VERSION_ID\"", scaled(30));
  CO_TRY(const auto result, co_await ssh_->run(std::move(request)));
  const auto lines = split(result.out, '\n');
  if (!result.ok() || lines.size() < 2)
    co_return Failure("shell.facts", Blame::product,
                      fmt::format("the DUT of boot {} does not tell its boot id: {}", number,
                                  trim(result.err).substr(0, 200)),
                      "see the journal of the device");
  dut::ShellFacts facts;
  facts.boot_id = std::string(trim(lines[0]));
  facts.os_version = std::string(trim(lines[1]));
  boots_->shell(asked, Clock::system().monotonic(), facts);
  co_return Result<>();
}

namespace {

/// Ends with a failure when the boot `number` is over, so that nobody waits for its shell any
/// longer.
Task<Result<>> until_boot_ends(dut::BootTracker& boots, unsigned number) {
  Budget budget(24h, "a boot to end");
  auto next = co_await boots.next(number, dut::BootStage::started, std::move(budget));
  if (!next) co_return next.error();
  co_return Failure("boot.ended", Blame::product,
                    fmt::format("boot {} ended before it reached a shell", number),
                    "see the console log of that boot");
}

}  // namespace

/// The loop behind shell_after(); bounded by the budget around it.
Task<Result<dut::Boot>> Bench::shell_after_unbounded(unsigned after) {
  for (unsigned number = after;;) {
    Budget begin(24h, "a boot to begin");
    CO_TRY(auto boot, co_await boots_->next(number, dut::BootStage::started, std::move(begin)));
    number = boot.number;
    if (boot.ended() && boots_->current().number != number) continue;
    Budget ready(24h, "the shell of the DUT");
    auto waited =
        co_await unless(until_boot_ends(*boots_, number), ssh_->wait_ready(std::move(ready)));
    if (waited) waited = co_await read_shell_facts(number);
    const auto& current = boots_->current();
    if (waited && !current.boot_id.empty() && current.number > after) co_return current;
    if (boots_->current().number == number) {
      // The connection broke without a new boot in sight: try this boot again.
      --number;
      ssh_->drop();
      co_await pause(200ms);
    }
  }
}

Task<Result<dut::Boot>> Bench::shell_after(unsigned after, Budget budget) {
  auto boot = co_await within(budget, shell_after_unbounded(after));
  if (!boot && boot.error().code() == budget.code) {
    const auto& current = boots_->current();
    co_return std::move(boot.error())
        .with(fmt::format("boot {} ({}) had come as far as: {}", current.number, current.why,
                          current.ended()     ? "its end, by " + current.ended_by
                          : current.login_at  ? "the login prompt"
                          : current.kernel_at ? "the kernel"
                          : current.loader_at ? "the boot loader"
                                              : "nothing on the console"));
  }
  co_return boot;
}

Task<Result<>> Bench::boot_settled() {
  const unsigned before = boots_->current().number;
  CO_CHECK_OK(co_await switch_on());
  Budget budget(scaled(parts_.device.budgets.boot_to_ssh), "a shell on the DUT");
  budget.code = "boot.not_reached";
  budget.blame = Blame::product;
  budget.advice = "see the console log for how far it came";
  CO_TRY(auto boot, co_await shell_after(before, std::move(budget)));
  (void)boot;
  // Settled: the job queue of the service manager is empty, whether all units are well or not.
  dut::RunRequest settle("systemctl is-system-running --wait >/dev/null; true",
                         scaled(kSettleSeconds));
  auto settled = co_await ssh_->run(std::move(settle));
  if (!settled && settled.error().code() != "deadline") co_return settled.error();
  if (!settled)
    co_return Failure("boot.not_settled", Blame::product,
                      "the OS is still starting units long after its shell answered",
                      "see systemctl list-jobs on the device");
  co_return Result<>();
}

Task<Result<>> Bench::wait_provisioned() {
  const auto span = scaled(parts_.device.budgets.provisioning);
  // A state that was saved may have the registration behind it: then the API knows the device.
  CO_TRY(const auto known, co_await cloud_->control("GET", "/_seatrial/devices", nullptr, 20s));
  const std::string waited = known.value("devices", json::array()).empty()
                                 ? fmt::format("&count=1&wait={}", static_cast<long>(seconds(span)))
                                 : "";
  const auto path =
      fmt::format("/_seatrial/requests?method=POST&path=/device/register&status=201{}", waited);
  CO_TRY(auto answer, co_await cloud_->control("GET", path, nullptr, span + 10s));
  if (!waited.empty() && answer.value("requests", json::array()).empty())
    co_return Failure("provisioning.late", Blame::product,
                      "the device did not register within " + human_duration(span),
                      "see cloud.jsonl for what it asked, and its journal for why");
  const std::string config = dut::shell_quote(parts_.profile.paths.at("config"));
  dut::RunRequest written(fmt::format("for i in $(seq 100); do grep -q registered_at {0} && ! grep "
                                      "-q '\"apiKey\"' {0} && exit 0; sleep 0.2; done; exit 1",
                                      config),
                          span);
  CO_TRY(const auto result, co_await ssh_->run(std::move(written)));
  if (!result.ok())
    co_return Failure("provisioning.not_written", Blame::product,
                      "the device registered, but config.json does not say so",
                      "see the journal of the supervisor");
  co_return Result<>();
}

Task<Result<>> Bench::save_checkpoint(std::string name) {
  auto* checkpoints = rig_->checkpoints();
  if (!checkpoints)
    co_return Failure("bench.lacks", Blame::suite, "this bench cannot save states",
                      "declare the need: needs(checkpoint)");
  CO_TRY(saved_cloud_[name], co_await cloud_->control("GET", "/_seatrial/state", nullptr, 20s));
  saved_boot_[name] = boots_->current();
  saved_host_key_[name] = ssh_->host_key();
  co_return co_await checkpoints->save(name);
}

Task<Result<>> Bench::restore_checkpoint(std::string name) {
  auto* checkpoints = rig_->checkpoints();
  if (!checkpoints)
    co_return Failure("bench.lacks", Blame::suite, "this bench cannot restore states",
                      "declare the need: needs(checkpoint)");
  ssh_->drop();
  ssh_->forget_host_key();  // a flash in between has made another one; compared below
  session_->forget();
  console_->sentinels().announce_reset();
  CO_CHECK_OK(co_await checkpoints->restore(name));
  auto executor = co_await boost::asio::this_coro::executor;
  CO_CHECK_OK(start_boots(executor));
  // The boot that was saved goes on: what is known of it is told to the new count.
  const auto now = Clock::system().monotonic();
  boots_->powered_on(now);
  if (!saved_boot_[name].loader_line.empty())
    boots_->console_line(now, saved_boot_[name].loader_line);
  boots_->restored(now, boots_->current().number);
  json forgotten{{"what", {"requests", "faults"}}};
  CO_TRY(auto reset,
         co_await cloud_->control("POST", "/_seatrial/reset", std::move(forgotten), 20s));
  (void)reset;
  CO_TRY(auto state, co_await cloud_->control("PUT", "/_seatrial/state", saved_cloud_[name], 20s));
  (void)state;
  Budget ready(scaled(30), "the shell of the restored DUT");
  ready.code = "checkpoint.no_shell";
  ready.blame = Blame::bench;
  CO_CHECK_OK(co_await ssh_->wait_ready(std::move(ready)));
  if (ssh_->host_key() != saved_host_key_[name])
    co_return Failure("checkpoint.other_identity", Blame::bench,
                      "the restored DUT shows another host key than when it was saved",
                      "the saved state belongs to another medium; it is built anew");
  CO_TRY(const auto offset, co_await dut::wake(*ssh_, Clock::system(), 1s, scaled(kClockSeconds)));
  (void)offset;
  co_return co_await read_shell_facts(boots_->current().number);
}

Task<Result<>> Bench::reach(std::string checkpoint) {
  auto* checkpoints = rig_->checkpoints();
  CO_CHECK_OK(co_await rig_->network().follow(""));  // a case before may have gone elsewhere
  if (checkpoint == "fresh") co_return co_await prepare_fresh();
  if (checkpoint != "booted" && checkpoint != "provisioned")
    co_return Failure("checkpoint.unknown", Blame::suite, "there is no checkpoint " + checkpoint,
                      "use fresh, booted or provisioned");
  if (checkpoints && checkpoints->has(checkpoint)) {
    auto restored = co_await restore_checkpoint(checkpoint);
    if (restored) co_return restored;
    // A state that cannot be gone back to is built anew, and the report says so.
    events_.write(
        "note",
        json{{"level", "warn"},
             {"text", "the saved state " + checkpoint +
                          " could not be restored and is built anew: " + restored.error().what()}});
    checkpoints->clear();
  }
  if (checkpoint == "provisioned" && checkpoints && checkpoints->has("booted")) {
    CO_CHECK_OK(co_await restore_checkpoint("booted"));
  } else {
    CO_CHECK_OK(co_await prepare_fresh());
    CO_CHECK_OK(co_await boot_settled());
    if (checkpoints) CO_CHECK_OK(co_await save_checkpoint("booted"));
  }
  if (checkpoint == "booted") co_return Result<>();
  CO_CHECK_OK(co_await wait_provisioned());
  if (checkpoints) CO_CHECK_OK(co_await save_checkpoint("provisioned"));
  co_return Result<>();
}

}  // namespace seatrial::bench
