// SPDX-License-Identifier: Apache-2.0
// The first case of a warm `seatrial run smoke` against a bare QEMU with the same image, in turns:
// from power-on to the SSH banner, the machine and the accelerator being the same.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/io/fd.hpp"
#include "core/io/file.hpp"
#include "core/model/device_type.hpp"
#include "tests/bench/figures.hpp"

namespace seatrial::figures {
namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;
namespace {

sockaddr_in local(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

std::uint16_t free_port() {
  const io::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = local(0);
  socklen_t size = sizeof address;
  ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// QEMU accepts for a guest that does not listen yet, and closes again.
bool shows_a_banner(std::uint16_t port) {
  const io::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = local(port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return false;
  pollfd wait{fd.get(), POLLIN, 0};
  char text[4];
  return ::poll(&wait, 1, 2000) == 1 && ::recv(fd.get(), text, sizeof text, 0) == 4 &&
         std::string_view(text, 4) == "SSH-";
}

io::Command bare_qemu(const model::DeviceType& device, const fs::path& disk, std::uint16_t port,
                      const std::string& accelerator) {
  const auto& machine = *device.machine;
  auto run = io::cmd(machine.qemu).arg("-nodefaults").arg("-display").arg("none");
  run.arg("-accel").arg(accelerator == "kvm" ? "kvm" : "tcg,thread=multi");
  run.arg("-machine").arg(machine.type).arg("-cpu").arg(machine.cpu);
  run.arg("-m").arg(std::to_string(machine.memory_mb));
  run.arg("-smp").arg(std::to_string(machine.cpus));
  run.arg("-serial").arg("file:" + disk.string() + ".console");
  run.arg("-drive").arg("if=none,id=d,format=qcow2,cache=unsafe,file=" + disk.string());
  run.arg("-device").arg("virtio-blk-pci,drive=d,bootindex=0").arg("-device").arg("virtio-rng-pci");
  run.arg("-netdev").arg(fmt::format("user,id=n,hostfwd=tcp:127.0.0.1:{}-:22222", port));
  run.arg("-device").arg("virtio-net-pci,netdev=n,romfile=");
  return run;
}

Task<Result<double>> boot_bare(io::Command command, std::uint16_t port) {
  auto executor = co_await boost::asio::this_coro::executor;
  const auto began = Clock::system().monotonic();
  CO_TRY(auto qemu, io::Process::start(executor, std::move(command)));
  while (!shows_a_banner(port)) {
    if (!qemu.running() || Clock::system().monotonic() - began > 10min)
      co_return Failure("bench.no_boot", Blame::bench, "the bare QEMU showed no SSH banner",
                        "boot the image by hand");
    co_await pause(50ms);
  }
  co_return seconds(Clock::system().monotonic() - began);
}

Result<double> bare(const model::DeviceType& device, const fs::path& image, const fs::path& folder,
                    const std::string& accelerator) {
  const auto disk = folder / "bare.qcow2";
  std::error_code ignored;
  fs::remove(disk, ignored);
  auto make =
      io::cmd("qemu-img").arg("create").arg("-q").arg("-f").arg("qcow2").arg("-F").arg("raw");
  make.arg("-b").arg(image.string()).arg(disk.string());
  make.arg(fmt::format("{}M", device.machine->disk_mb));
  TRY(const auto said, output_of(std::move(make), 1min));
  const auto port = free_port();
  boost::asio::io_context io;
  auto done = boost::asio::co_spawn(io, boot_bare(bare_qemu(device, disk, port, accelerator), port),
                                    boost::asio::use_future);
  io.run();
  return done.get();
}

struct Run {
  double seconds = 0, setup = 0, outside = 0;
  std::string accelerator;
};

Result<Run> run_case(const Scope& scope, const std::string& name, const fs::path& folder) {
  auto run = io::cmd((scope.bin / "seatrial").string()).arg("run").arg(name).arg("--quiet");
  run.arg("--out").arg(folder.string());
  TRY(const auto said, output_of(std::move(run), 30min));
  TRY(const auto log, model::read_event_log(folder / "events.jsonl"));
  TRY(const auto outside, seconds_outside_steps(folder));
  Run out;
  out.outside = outside.front();
  for (const auto& event : log.events) {
    if (event.kind == "run_started")
      out.accelerator = (*event)["bench"]["instruments"].value("accelerator", "tcg");
    if (event.kind != "case_finished") continue;
    out.seconds = event.number("seconds");
    out.setup = event.number("setup_seconds");
  }
  return out;
}

Result<std::string> first_smoke_case(const Scope& scope) {
  auto list = io::cmd((scope.bin / "seatrial").string()).arg("list").arg("cases").arg("--json");
  TRY(const auto text, output_of(std::move(list), 1min));
  const auto cases = json::parse(text, nullptr, false);
  for (const auto& one : cases)
    if (one.value("suite", "") == "smoke") return "smoke." + one.value("case", "");
  return Failure("bench.no_case", Blame::bench, "there is no suite smoke", "./sea build");
}

}  // namespace

Result<> boot_figures(const Scope& scope, Table& table) {
  TRY(const auto device, model::load_device_type(scope.sources / "devices/qemu-amd64/device.json"));
  TRY(const auto name, first_smoke_case(scope));
  auto build = io::cmd((scope.bin / "seatrial").string()).arg("image").arg("build");
  build.arg(device.image).arg("--json").arg("--quiet");
  TRY(const auto text, output_of(std::move(build), 60min));
  const auto built = json::parse(text, nullptr, false);
  if (!built.is_array() || built.empty())
    return Failure("bench.program", Blame::bench, "the image was not built",
                   "seatrial image build");
  const fs::path image = built[0].value("path", "");
  TRY(auto dir, io::TempDir::make("boot-figures"));
  std::vector<double> runs, bares, setups, outside;
  for (int turn = 0; turn < (scope.quick ? 1 : 3); ++turn) {
    TRY(const auto run, run_case(scope, name, dir.path() / fmt::format("run-{}", turn)));
    TRY(const auto seconds, bare(device, image, dir.path(), run.accelerator));
    runs.push_back(run.seconds);
    setups.push_back(run.setup);
    outside.push_back(run.outside);
    bares.push_back(seconds);
  }
  table.add({"bare QEMU, power-on to SSH banner", smallest(bares), "s", {}, {}});
  table.add({name + ", the whole case", smallest(runs), "s", {}, {}});
  table.add({"of it, to its checkpoint", smallest(setups), "s", {}, {}});
  table.add({"the case against the bare boot", smallest(runs) / smallest(bares), "x", 1.4, {}});
  table.add({"the case beyond its steps", median(outside) * 1000, "ms", 150, {}});
  return {};
}

}  // namespace seatrial::figures
