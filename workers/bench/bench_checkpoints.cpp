// SPDX-License-Identifier: Apache-2.0
// How a bench gets to a checkpoint: flash, configure, boot, provision, or go back to a saved state.
#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include "core/base/unless.hpp"
#include "core/base/within.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/on_medium.hpp"
#include "workers/dut/clock.hpp"

namespace seatrial::bench {
using namespace std::chrono_literals;
using nlohmann::json;

namespace {
constexpr double kSettleSeconds = 60;
constexpr double kClockSeconds = 20;
/// For what the bench does itself at a checkpoint: saving, restoring, asking the API stand-in.
constexpr double kBenchSeconds = 60;
}  // namespace

dut::BenchOffer Bench::offer() const {
  dut::BenchOffer offer;
  offer.api_host = api_host();
  offer.provisioning_key = cloud_->provisioning_key();
  offer.application = cloud_->application();
  offer.ssh_key = key_.public_line;
  return offer;
}

Task<Result<drivers::FlashReceipt>> Bench::flash(std::string role,
                                                 std::vector<drivers::FileEdit> edits) {
  drivers::FlashRequest request;
  request.edits = std::move(edits);
  request.image = parts_.plan.image;
  if (!role.empty()) {
    const auto it = parts_.plan.files.find(role);
    if (it == parts_.plan.files.end())
      co_return Failure("image.not_in_run", Blame::suite,
                        "this run has no image for the role " + role,
                        "declare it in the case: images(\"" + role + "\")");
    request.image = it->second;
  }
  auto* storage = rig_->storage();
  if (!storage)
    co_return Failure("bench.lacks", Blame::suite, "this bench cannot write the medium of its DUT",
                      "declare the need: needs(storage)");
  CO_TRY(auto receipt, co_await storage->flash(std::move(request)));
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
  std::function<Result<json>(const flash::Medium&)> work =
      [this, edit = os_->configuration(std::move(set), std::move(remove))](
          const flash::Medium& medium) -> Result<json> {
    TRY(const auto written, medium.apply(edit));
    return os_->shown(written);
  };
  co_return co_await on_medium(*this, std::move(work));
}

Task<Result<>> Bench::prepare_fresh() {
  CO_CHECK_OK(co_await switch_off());
  std::vector<drivers::FileEdit> edits;
  edits.push_back(os_->configuration(os_->settings(offer()), {}));
  CO_TRY(auto receipt, co_await flash("", std::move(edits)));
  (void)receipt;
  CO_TRY(auto reset, co_await cloud_->control("POST", "/_seatrial/reset", json::object(), 20s));
  (void)reset;
  co_return Result<>();
}

Task<Result<>> Bench::read_shell_facts(unsigned number) {
  const auto asked = Clock::system().monotonic();
  auto facts = co_await os_->identify(shell(), scaled(30));
  if (!facts) co_return facts.error().with(fmt::format("asking the DUT of boot {}", number));
  boots_->shell(asked, Clock::system().monotonic(), std::move(*facts));
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
Task<Result<dut::Boot>> Bench::shell_after_unbounded(unsigned after, std::optional<Failure>* last) {
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
    if (!waited) {
      const auto blame = waited.error().blame();
      if (blame == Blame::bench || blame == Blame::seatrial) co_return waited.error();
      *last = waited.error();
    }
    if (boots_->current().number == number) {
      // The connection broke without a new boot in sight: try this boot again.
      --number;
      ssh_->drop();
      co_await pause(200ms);
    }
  }
}

Task<Result<dut::Boot>> Bench::shell_after(unsigned after, Budget budget) {
  std::optional<Failure> last;
  auto boot = co_await within(budget, shell_after_unbounded(after, &last));
  if (!boot && boot.error().code() == budget.code) {
    if (last) boot = std::move(boot.error()).with("the last try ended with: " + last->what());
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
  const Then then = now();
  auto settled = co_await os_->settle(shell(), scaled(kSettleSeconds));
  co_return co_await blamed(std::move(settled), then);
}

Task<Result<>> Bench::wait_provisioned() {
  const auto span = scaled(parts_.device.budgets.provisioning);
  // A state that was saved may have the registration behind it: then the API knows the device.
  CO_TRY(const auto known, co_await cloud_->control("GET", "/_seatrial/devices", nullptr, 20s));
  const std::string waited = known.value("devices", json::array()).empty()
                                 ? fmt::format("&count=1&wait={}", static_cast<long>(seconds(span)))
                                 : "";
  const auto path = "/_seatrial/requests?" + os_->registration() + waited;
  CO_TRY(auto answer, co_await cloud_->control("GET", path, nullptr, span + 10s));
  if (!waited.empty() && answer.value("requests", json::array()).empty())
    co_return Failure("provisioning.late", Blame::product,
                      "the device did not register within " + human_duration(span),
                      "see cloud.jsonl for what it asked, and its journal for why");
  const Then then = now();
  auto registered = co_await os_->registered(shell(), span);
  co_return co_await blamed(std::move(registered), then);
}

Task<Result<>> Bench::save_checkpoint(std::string name) {
  auto* checkpoints = rig_->checkpoints();
  if (!checkpoints)
    co_return Failure("bench.lacks", Blame::suite, "this bench cannot save states",
                      "declare the need: needs(checkpoint)");
  CO_CHECK_OK(co_await checkpoints->hold());
  auto saved = co_await save_together(*checkpoints, name);
  auto going = co_await checkpoints->go_on();
  CO_CHECK_OK(saved);
  saved_boot_[name] = boots_->current();
  saved_host_key_[name] = ssh_->host_key();
  co_return going;
}

/// DUT and API as they were at one instant: a device that has registered, beside an API that has
/// not heard of it, would wait for ever. A request that was under way when the DUT was held may
/// still be answered; none comes after it.
Task<Result<>> Bench::save_together(drivers::Checkpoints& checkpoints, std::string name) {
  constexpr int kMostTries = 5;
  for (int tries = 0; tries < kMostTries; ++tries) {
    CO_TRY(auto before, co_await cloud_->control("GET", "/_seatrial/state", nullptr, 20s));
    CO_CHECK_OK(co_await checkpoints.save(name));
    CO_TRY(auto after, co_await cloud_->control("GET", "/_seatrial/state", nullptr, 20s));
    if (before != after) continue;
    saved_cloud_[name] = std::move(after);
    co_return Result<>();
  }
  checkpoints.forget_all(name);
  co_return Failure("checkpoint.not_joint", Blame::bench,
                    "the device API's state changed while the DUT stood still",
                    "who else talks to the API stand-in? see cloud.jsonl");
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
  CO_TRY(const auto offset,
         co_await dut::wake(shell(), Clock::system(), 1s, scaled(kClockSeconds)));
  (void)offset;
  co_return co_await read_shell_facts(boots_->current().number);
}

/// A state that cannot be gone back to is built anew, and the report says so.
Task<Result<bool>> Bench::went_back(std::string checkpoint) {
  auto* checkpoints = rig_->checkpoints();
  if (!checkpoints || !checkpoints->has(checkpoint)) co_return false;
  auto restored = co_await restore_checkpoint(checkpoint);
  if (restored) co_return true;
  if (alarm_.raised()) co_return *alarm_.raised();
  events_.write(
      "note",
      json{{"level", "warn"},
           {"text", "the saved state " + checkpoint +
                        " could not be restored and is built anew: " + restored.error().what()}});
  checkpoints->forget_all("");
  co_return false;
}

Task<Result<>> Bench::build_booted() {
  CO_CHECK_OK(co_await prepare_fresh());
  CO_CHECK_OK(co_await boot_settled());
  if (rig_->checkpoints()) CO_CHECK_OK(co_await save_checkpoint("booted"));
  co_return Result<>();
}

/// One that died took what it knew of the device with it: states that were saved with it are void.
Task<Result<>> Bench::need_cloud() {
  if (cloud_->running()) co_return Result<>();
  if (auto* checkpoints = rig_->checkpoints()) checkpoints->forget_all("");
  CO_CHECK_OK(co_await start_cloud());
  events_.write("note",
                json{{"level", "warn"}, {"text", "the device API stand-in was started anew"}});
  co_return Result<>();
}

/// Everything that a checkpoint may take: the product's budgets, and the bench's own work.
double Bench::setup_budget() const {
  const auto& budgets = parts_.device.budgets;
  return budgets.flash + budgets.boot_to_ssh + kSettleSeconds + 2 * budgets.provisioning +
         kBenchSeconds;
}

Task<Result<>> Bench::reach(std::string checkpoint) {
  CO_CHECK_OK(co_await need_cloud());
  if (auto* network = rig_->network())  // a case before may have gone elsewhere
    CO_CHECK_OK(co_await network->follow(""));
  if (checkpoint == "fresh") co_return co_await prepare_fresh();
  if (checkpoint != "booted" && checkpoint != "provisioned")
    co_return Failure("checkpoint.unknown", Blame::suite, "there is no checkpoint " + checkpoint,
                      "use fresh, booted or provisioned");
  CO_TRY(bool there, co_await went_back(checkpoint));
  if (there) co_return Result<>();
  if (checkpoint == "provisioned") {
    CO_TRY(there, co_await went_back("booted"));
  }
  if (!there) CO_CHECK_OK(co_await build_booted());
  if (checkpoint == "booted") co_return Result<>();
  CO_CHECK_OK(co_await wait_provisioned());
  if (rig_->checkpoints()) CO_CHECK_OK(co_await save_checkpoint("provisioned"));
  co_return Result<>();
}

}  // namespace seatrial::bench
