// SPDX-License-Identifier: Apache-2.0
// How a bench comes together: API stand-in, rig, console, boot tracker, shell.
#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/io/file.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/qemu_rig.hpp"

namespace seatrial::bench {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// A QEMU that is killed with keys unread resets the connection: the end of a stream like any
/// other. As a failure it would end everything else that lives beside it.
Task<Result<>> read_console(console::Console& console, io::ByteStream stream) {
  auto ended = co_await console.run(console::socket_channel(std::move(stream)));
  if (!ended) log::info("{}", ended.error().describe());
  co_return Result<>();
}

}  // namespace

Task<Result<std::unique_ptr<Bench>>> Bench::assemble(BenchParts parts, EventWriter& events,
                                                     Steps& steps, Alarm& alarm, Nursery& nursery) {
  std::unique_ptr<Bench> bench(new Bench(std::move(parts), events, steps, alarm, nursery));
  CO_CHECK_OK(co_await bench->start_cloud());
  CO_TRY(bench->key_, co_await dut::make_ssh_key(fs::path(bench->parts_.plan.out) / "private"));

  QemuRigSettings settings;
  settings.device = bench->parts_.device;
  settings.folder = bench->parts_.plan.out;
  settings.cache = bench->parts_.plan.cache;
  settings.http_api = bench->cloud_->http_socket();
  settings.https_api = bench->cloud_->https_socket();
  settings.relay_program = bench->parts_.plan.relay_program;
  settings.ssh_port = bench->parts_.profile.ssh_port;
  settings.supervisor_port = bench->parts_.profile.supervisor_port;
  CO_TRY(bench->rig_, co_await make_qemu_rig(nursery, bench->parts_.guard, std::move(settings)));
  CO_CHECK_OK(co_await bench->start_console());
  co_return bench;
}

Task<Result<>> Bench::start_cloud() {
  const fs::path out = parts_.plan.out;
  CO_CHECK_OK(io::make_dirs(out / "files"));
  CO_CHECK_OK(io::make_dirs(out / "private"));
  std::error_code error;
  fs::permissions(out / "private", fs::perms::owner_all, error);
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
  settings.sockets = parts_.sockets;
  settings.files = out / "files";
  settings.address = kQemuApiAddress;
  settings.device_type = parts_.device.slug;
  CO_TRY(cloud_, co_await CloudChild::start(std::move(settings), parts_.guard));
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

  dut::SshOptions ssh;
  ssh.user = parts_.profile.login_user;
  ssh.port = [this] {
    return rig_->network().endpoint(static_cast<std::uint16_t>(parts_.profile.ssh_port)).port;
  };
  ssh.key = key_.private_key;
  ssh.folder = fs::path(parts_.plan.out) / "private";
  ssh.socket_folder = parts_.sockets;
  ssh_ = std::make_unique<dut::Ssh>(executor, std::move(ssh), parts_.guard);

  rig_->on_event([this](const RigEvent& event) { take_rig_event(event); });
  rig_->console().deliver_to([this](io::ByteStream stream) {
    nursery_.start("reading the console", read_console(*console_, std::move(stream)));
  });
  co_return Result<>();
}

Result<> Bench::start_boots(asio::any_io_executor executor) {
  boot_lines_.reset();
  recorded_boots_.clear();
  boot_offsets_.clear();
  dut::BootRules rules;
  rules.loader = parts_.device.boot_loader.line;
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
