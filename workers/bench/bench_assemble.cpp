// SPDX-License-Identifier: Apache-2.0
// How a bench comes together: API stand-in, rig, console, boot tracker, shell.
#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/base/within.hpp"
#include "core/io/file.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/rig.hpp"

namespace seatrial::bench {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// A console that is cut is told of this long after its end: a machine that restarts, or an adapter
/// that the board powers, comes back before.
constexpr double kConsoleReturns = 10;

}  // namespace

Task<Result<>> Bench::assemble() {
  CO_TRY(os_, dut::make_os_family(parts_.profile, parts_.device));
  CO_CHECK_OK(io::make_dirs(private_folder()));
  std::error_code error;
  fs::permissions(private_folder(), fs::perms::owner_all, error);
  CO_TRY(key_, co_await dut::make_ssh_key(private_folder()));
  CO_CHECK_OK(co_await start_rig());
  CO_CHECK_OK(co_await start_cloud());
  co_return co_await start_console();
}

Task<Result<>> Bench::start_rig() {
  // The record would name a bench that this host never touched.
  if (!parts_.plan.bench.empty())
    co_return Failure("bench.no_bench_files", Blame::seatrial,
                      "this version cannot read the bench file " + parts_.plan.bench,
                      "leave out the bench: the device type's virtual machine is taken");
  RigParts rig;
  rig.device = parts_.device;
  rig.folder = private_folder();
  rig.cache = parts_.plan.cache;
  rig.http_api = CloudChild::http_socket(parts_.sockets);
  rig.https_api = CloudChild::https_socket(parts_.sockets);
  rig.relay_program = parts_.plan.relay_program;
  rig.ssh_port = parts_.profile.ssh_port;
  rig.supervisor_port = parts_.profile.supervisor_port;
  CO_TRY(rig_, co_await make_rig(nursery_, parts_.guard, std::move(rig)));
  if (!rig_->network())
    co_return Failure("bench.no_network", Blame::bench,
                      "this bench does not reach its DUT over a network, and shells over a console "
                      "are not there yet",
                      "wire the DUT to a network that the bench reaches");
  scale_ = parts_.plan.budget_scale > 0 ? parts_.plan.budget_scale : rig_->slowness();
  co_return Result<>();
}

Task<Result<>> Bench::start_cloud() {
  const fs::path out = parts_.plan.out;
  CO_CHECK_OK(io::make_dirs(out / "files"));
  std::error_code error;
  for (const auto& [role, file] : parts_.plan.files) {
    fs::remove(out / "files" / (role + ".tar"), error);
    // A link that leads out of the served folder is refused by the stand-in; a hard link is the
    // file itself, and where the cache lies on another file system a copy must do.
    const fs::path name = out / "files" / (role + ".tar");
    fs::create_hard_link(file.path, name, error);
    if (error) fs::copy_file(file.path, name, error);
    if (error) co_return io::file_failure("provide", name, error.value());
  }
  CloudSettings settings;
  settings.program = parts_.plan.cloud_program;
  settings.folder = out;
  settings.tls = private_folder() / "cloud-tls";
  settings.sockets = parts_.sockets;
  settings.files = out / "files";
  settings.address = api_host();
  settings.device_type = parts_.device.slug;
  const auto trouble = [this](const Failure& failure) { alarm_.raise(failure); };
  CO_TRY(cloud_, co_await CloudChild::start(std::move(settings), parts_.guard, nursery_, trouble));
  co_return Result<>();
}

Task<Result<>> Bench::start_console() {
  auto executor = co_await asio::this_coro::executor;
  console::Console::Options options;
  options.first_lines = {parts_.device.console.first_line};
  options.on_trouble = [this](const Failure& failure) {
    events_.write("note", json{{"level", "warn"}, {"text", failure.describe()}});
    alarm_.raise(failure);
  };
  CO_TRY(console_,
         console::Console::open(executor, Clock::system(), parts_.plan.out, std::move(options)));
  alarms_subscription_ =
      console_->sentinels().on_alarm([this](const console::Alarm& alarm) { on_alarm(alarm); });
  console::Credentials credentials;
  credentials.user = parts_.profile.login_user;
  credentials.login_prompt = parts_.device.console.login_prompt;
  session_ = std::make_unique<console::Session>(*console_, credentials);
  CO_CHECK_OK(start_boots(executor));

  CO_CHECK_OK(start_ssh(executor));
  rig_->on_event([this](const RigEvent& event) { take_rig_event(event); });
  if (auto* source = rig_->console())
    source->deliver_to(
        [this](std::shared_ptr<drivers::Channel> channel) { take_console(std::move(channel)); });
  co_return Result<>();
}

Result<> Bench::start_ssh(asio::any_io_executor executor) {
  const auto ssh_port = static_cast<std::uint16_t>(parts_.profile.ssh_port);
  dut::SshOptions ssh;
  ssh.user = parts_.profile.login_user;
  ssh.host = [this, ssh_port] { return rig_->network()->endpoint(ssh_port).host; };
  ssh.port = [this, ssh_port] { return rig_->network()->endpoint(ssh_port).port; };
  ssh.key = key_.private_key;
  ssh.folder = private_folder();
  ssh.socket_folder = parts_.sockets;
  ssh_ = std::make_unique<dut::Ssh>(executor, std::move(ssh), parts_.guard);
  return {};
}

void Bench::take_console(std::shared_ptr<drivers::Channel> channel) {
  nursery_.start("reading the console", read_console(std::move(channel), ++consoles_));
}

/// The end of a stream, clean or not, is how a QEMU that is killed looks from here; as a failure it
/// would end everything else that lives beside it.
Task<Result<>> Bench::read_console(std::shared_ptr<drivers::Channel> channel, unsigned number) {
  auto ended = co_await console_->run(std::move(channel));
  if (!ended) log::info("{}", ended.error().describe());
  if (consoles_ == number) co_return co_await need_console(number);
  co_return Result<>();
}

/// With the power on and no stream, an instrument is lost: a case that waits for the console must
/// not accuse the DUT of silence.
Task<Result<>> Bench::need_console(unsigned number) {
  for (double waited = 0; waited < kConsoleReturns; waited += 0.25) {
    if (!powered_ || consoles_ != number || console_->connected()) co_return Result<>();
    co_await pause(std::chrono::milliseconds(250));
  }
  alarm_.raise(Failure("console.lost", Blame::bench, "the DUT has power, and its console is gone",
                       "check the cable and the adapter of the console"));
  co_return Result<>();
}

Result<> Bench::start_boots(asio::any_io_executor executor) {
  boot_lines_.reset();
  recorded_boots_.clear();
  boot_offsets_.clear();
  const dut::BootRules rules = dut::boot_rules(parts_.device);
  std::vector<console::Pattern> patterns;
  for (const auto* pattern :
       {&rules.loader, &rules.kernel, &rules.login, &rules.panic, &rules.restart, &rules.halt})
    if (!pattern->empty()) patterns.emplace_back(*pattern);
  TRY(boots_, dut::BootTracker::make(executor, rules));
  boots_->on_change([this](const dut::Boot& boot) { record_boot(boot); });
  TRY(auto set, console::PatternSet::compile(std::move(patterns)));
  boot_lines_ = console_->matcher().watch(std::move(set), [this](const console::Match& match) {
    next_boot_offset_ = std::max(next_boot_offset_, match.line_offset);
    boots_->console_line(match.at, match.line);
  });
  return {};
}

}  // namespace seatrial::bench
