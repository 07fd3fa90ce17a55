// SPDX-License-Identifier: Apache-2.0
#pragma once
// The reference OS on a cut-aware disk, with a root shell on its console.

#include <nlohmann/json.hpp>

#include "core/disk/disk.hpp"
#include "core/disk/fat.hpp"
#include "core/io/cache.hpp"
#include "fixtures/refos/builder.hpp"
#include "tests/workers/support/tasks.hpp"
#include "workers/console/channel.hpp"
#include "workers/console/session.hpp"
#include "workers/disk/base_file.hpp"
#include "workers/disk/client.hpp"
#include "workers/qemu/machine.hpp"

namespace seatrial::test {

class LinuxMachine {
 public:
  static constexpr std::uint64_t kDiskSize = 1536ull << 20;

  LinuxMachine() {
    auto opened = console::Console::open(loop.executor(), Clock::system(), dir.path(), {});
    console = std::move(*opened);
    session = std::make_unique<console::Session>(*console, console::Credentials());
    make_disk();
    if (!server) return;  // told already
    machine = std::make_unique<qemu::Machine>(loop.nursery(), loop.executor(), spec());
    machine->on_console([this](io::ByteStream stream) {
      loop.nursery().start("console", capture(console, console::socket_channel(std::move(stream))));
    });
    machine->on_event("test", [this](const qemu::MachineEvent& event) {
      events += std::string(to_string(event.kind)) + " ";
      if (event.kind == qemu::MachineEvent::Kind::powered_on) {
        console->power_on();
        session->forget();  // after a restore the shell of that moment is there
      }
      if (event.failure) ADD_FAILURE() << event.failure->describe();
    });
  }

  /// Holds the console: it ends after this object.
  static Task<Result<>> capture(std::shared_ptr<console::Console> console,
                                std::shared_ptr<console::Channel> channel) {
    co_return co_await console->run(std::move(channel));
  }

  /// The OS in development mode, which gives a shell; the edit is made through the server.
  void make_disk() {
    refos::BuildOptions options;
    options.supervisor = SEATRIAL_BINARY_DIR "/bin/balena-supervisor";
    auto builder = refos::Builder::open(options);
    ASSERT_TRUE(builder.has_value()) << builder.error().describe();
    const auto image = builder->ensure("refos-1.0.0");
    ASSERT_TRUE(image.has_value()) << image.error().describe();
    auto cache = io::Cache::open();
    ASSERT_TRUE(cache.has_value());
    const auto base = cutdisk::raw_base(image->path, image->digest, *cache);
    ASSERT_TRUE(base.has_value()) << base.error().describe();
    cutdisk::DiskSettings settings;
    settings.base = *base;
    settings.size = kDiskSize;
    settings.folder = dir.path();
    auto started = loop.run(cutdisk::Client::start(loop.nursery(), nullptr, settings));
    ASSERT_TRUE(started.has_value()) << started.error().describe();
    server = *started;
    const auto disk = open();
    const auto* boot = disk.by_name("resin-boot");
    const auto window = disk.window(*boot).value();
    const seatrial::disk::Fat fat(window);
    auto config = nlohmann::json::parse(fat.read("/config.json").value());
    config["developmentMode"] = true;
    ASSERT_TRUE(fat.write("/config.json", config.dump()).has_value());
    ASSERT_TRUE(disk.write_back(*boot, window).has_value());
  }

  qemu::MachineSpec spec() const {
    qemu::MachineSpec spec;
    spec.cpu = "max";
    spec.cpus = 2;
    spec.folder = dir.path();
    qemu::Disk disk;
    disk.nbd_socket = server->socket();
    disk.server = server;
    spec.disks.push_back(disk);
    return spec;
  }

  Result<> power_on() { return loop.run(machine->power_on()); }
  /// What a command printed; its failure is one of the test.
  std::string run(const std::string& command) {
    const auto done = loop.run(session->run(command, Budget(std::chrono::minutes(4), command)),
                               std::chrono::seconds(300));
    EXPECT_TRUE(done.has_value()) << done.error().describe();
    if (!done) return {};
    EXPECT_EQ(done->status, 0) << command << ": " << done->err;
    return done->out;
  }
  nlohmann::json ask(const nlohmann::json& request) {
    auto answer = loop.run(server->ask(request));
    EXPECT_TRUE(answer.has_value()) << answer.error().describe();
    return answer.value_or(nlohmann::json());
  }
  /// The disk while the machine is off.
  disk::Disk open() const {
    auto disk = seatrial::disk::Disk::open(server->offline());
    EXPECT_TRUE(disk.has_value()) << disk.error().describe();
    return *disk;
  }

  io::TempDir dir = io::TempDir::make("linux_machine").value();
  Loop loop;
  std::shared_ptr<console::Console> console;
  std::unique_ptr<console::Session> session;
  std::shared_ptr<cutdisk::Client> server;
  std::string events;
  std::unique_ptr<qemu::Machine> machine;
};

}  // namespace seatrial::test
