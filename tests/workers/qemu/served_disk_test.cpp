// SPDX-License-Identifier: Apache-2.0
// Machines on a cut-aware disk, with real QEMU and the tiny guest, whose firmware writes with FUA.
// What Linux loses and keeps is power_cut_test.cpp's business.
#include <fmt/format.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/disk/nbd.hpp"
#include "core/io/hash.hpp"
#include "core/io/process.hpp"
#include "tests/workers/qemu/tiny_guest.hpp"
#include "workers/disk/client.hpp"

namespace seatrial::qemu {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using nlohmann::json;
using test::TinyMachine;

struct ServedDiskTest : ::testing::Test {
  io::TempDir dir = io::TempDir::make("served_disk_test").value();
  test::Loop loop;
  TinyMachine tiny{loop, dir.path()};
  std::shared_ptr<cutdisk::Client> server;

  /// What the guest writes is zeros: here they stand out.
  void serve(const std::string& program = {}) {
    auto content = test::tiny_disk();
    for (std::size_t i = 512; i < content.size(); ++i) content[i] = 'b';
    ASSERT_TRUE(io::write_file_atomic(tiny.base, content).has_value());
    cutdisk::DiskSettings settings;
    settings.base = tiny.base;
    settings.folder = dir.path();
    settings.program = program;
    auto started = loop.run(cutdisk::Client::start(loop.nursery(), nullptr, settings));
    ASSERT_TRUE(started.has_value()) << started.error().describe();
    server = *started;
    auto spec = tiny.spec();
    spec.disks.front().file.clear();
    spec.disks.front().nbd_socket = server->socket();
    spec.disks.front().server = server;
    ASSERT_TRUE(tiny.machine->respec(spec).has_value());
  }
  json ask(const json& request) {
    auto answer = loop.run(server->ask(request));
    EXPECT_TRUE(answer.has_value()) << answer.error().describe();
    return answer.value_or(json());
  }
  std::string offline(std::uint64_t offset, std::size_t size) {
    auto host = disk::NbdClient::connect(server->offline());
    EXPECT_TRUE(host.has_value()) << host.error().describe();
    std::string out(size, 'x');
    if (host) EXPECT_TRUE(host->read(offset, out).has_value());
    return out;
  }
};

TEST_F(ServedDiskTest, a_machine_boots_from_it_and_hard_off_is_a_power_cut) {
  serve();
  const auto before = io::sha256_file(tiny.base).value();
  ASSERT_TRUE(tiny.boots());
  EXPECT_EQ(disk::NbdClient::connect(server->offline()).error().code(), "image.in_use");
  ASSERT_TRUE(tiny.ask("w", "w"));
  EXPECT_GE(ask({{"do", "stat"}})["fua"], 1) << "firmware writes through";
  const int pid = tiny.machine->pid();
  const auto off = loop.run(tiny.machine->hard_off());
  ASSERT_TRUE(off.has_value()) << off.error().describe();
  EXPECT_NE(::kill(pid, 0), 0);
  const auto stat = ask({{"do", "stat"}});
  EXPECT_EQ(stat["cuts"], 1);
  EXPECT_EQ(stat["off"], true);
  EXPECT_TRUE(offline(512, 64'000) == std::string(64'000, '\0')) << "FUA survives";
  EXPECT_TRUE(offline(0, 64) == test::tiny_disk().substr(0, 64));
  ASSERT_TRUE(tiny.boots()) << "and on again";
  EXPECT_EQ(io::sha256_file(tiny.base).value(), before);
}

TEST_F(ServedDiskTest, its_server_may_be_killed_under_the_running_machine) {
  serve();
  ASSERT_TRUE(tiny.boots());
  for (int round = 0; round < 3; ++round) {
    ::kill(server->pid(), SIGKILL);
    ASSERT_TRUE(tiny.ask("ww", "ww")) << "QEMU waits, reconnects and sends again";
  }
  EXPECT_EQ(server->restarts(), 3u);
  EXPECT_EQ(tiny.events, "powered_on ");
  EXPECT_EQ(loop.run(tiny.machine->state()).value(), PowerState::on);
}

TEST_F(ServedDiskTest, the_power_goes_off_at_one_exact_write) {
  serve();
  ask({{"do", "fault"}, {"op", "write"}, {"offset", 512}, {"length", 65'536}, {"cut_at", 1}});
  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(tiny.ask("w", ""));
  const auto end = loop.run(tiny.machine->wait_end(), 60s);
  ASSERT_TRUE(end.has_value()) << end.error().describe();
  EXPECT_EQ(*end, End::hard_off);
  EXPECT_EQ(tiny.events, "powered_on powered_off ");
  EXPECT_TRUE(offline(512, 65'024) == std::string(65'024, 'b')) << "the write was not done";
  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(tiny.ask("w", "w")) << "it strikes once";
}

TEST_F(ServedDiskTest, an_injected_error_is_for_the_guest) {
  serve();
  ask({{"do", "fault"}, {"op", "write"}, {"errno", 5}, {"count", 1}});
  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(tiny.ask("w", "e"));
  EXPECT_EQ(loop.run(tiny.machine->state()).value(), PowerState::on);
  EXPECT_TRUE(tiny.failures.empty());
}

TEST_F(ServedDiskTest, a_host_that_is_full_stops_the_machine_and_is_the_benchs_failure) {
  const auto wrapper = dir.path() / "small-host";
  std::ofstream(wrapper) << fmt::format("#!/bin/sh\nulimit -f 3\nexec {} \"$@\"\n",
                                        io::own_program("seatrial-disk").value().string());
  fs::permissions(wrapper, fs::perms::owner_all);
  serve(wrapper.string());
  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(tiny.ask("wwwwwwwwwwww", ""));
  const auto dead = loop.run(tiny.machine->fails_when_dead());
  ASSERT_FALSE(dead.has_value());
  EXPECT_EQ(dead.error().code(), "disk.full");
  EXPECT_EQ(dead.error().blame(), Blame::bench);
  EXPECT_EQ(loop.run(tiny.machine->state()).value(), PowerState::stopped);
}

TEST_F(ServedDiskTest, a_snapshot_takes_memory_and_disk_back_in_a_new_process) {
  serve();
  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(tiny.ask("iiw", "w"));
  const auto flushes = ask({{"do", "stat"}})["flushes"];
  const auto saved = loop.run(tiny.machine->save("two"));
  ASSERT_TRUE(saved.has_value()) << saved.error().describe();
  auto stat = ask({{"do", "stat"}});
  EXPECT_EQ(stat["flushes"], flushes) << "QEMU's own flushes are none of the guest's";
  EXPECT_GE(stat["ignored_flushes"], 1) << "and there were some";
  EXPECT_EQ(stat["host_flushes_ignored"], false);
  const auto list = loop.run(tiny.machine->snapshots()).value();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].name, "two");
  EXPECT_GT(list[0].vm_state_bytes, 10'000u);
  ASSERT_TRUE(tiny.ask("iiiw", "w")) << "it goes on";
  const int pid = tiny.machine->pid();
  for (int round = 0; round < 3; ++round) {
    const auto loaded = loop.run(tiny.machine->load("two"));
    ASSERT_TRUE(loaded.has_value()) << loaded.error().describe();
    EXPECT_EQ(loop.run(tiny.machine->state()).value(), PowerState::on);
    ASSERT_TRUE(tiny.ask("i", "3")) << "memory went back";
    ASSERT_TRUE(tiny.ask("w", "w")) << "and the disk works";
  }
  EXPECT_NE(tiny.machine->pid(), pid);
  EXPECT_EQ(tiny.events, "powered_on restored restored restored ") << "to others it is the same";
  EXPECT_EQ(tiny.machine->power_ons(), 1u);

  ASSERT_TRUE(loop.run(tiny.machine->hard_off()).has_value());
  EXPECT_TRUE(offline(512, 60'000) == std::string(60'000, '\0'));
  // In place of a boot, and the disk is the one of that moment: the second write is not there.
  const auto again = loop.run(tiny.machine->power_on_from("two"));
  ASSERT_TRUE(again.has_value()) << again.error().describe();
  EXPECT_TRUE(tiny.ask("i", "3"));
  ASSERT_TRUE(loop.run(tiny.machine->hard_off()).has_value());
  EXPECT_TRUE(offline(512 + 65'536, 60'000) == std::string(60'000, 'b'));

  const auto nowhere = loop.run(tiny.machine->power_on_from("nowhere"));
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_EQ(nowhere.error().code(), "machine.snapshot");
  ASSERT_TRUE(tiny.boots()) << "and boots still";
  const auto loaded = loop.run(tiny.machine->load("nowhere"));
  ASSERT_FALSE(loaded.has_value());
  EXPECT_TRUE(tiny.ask("i", "1")) << "a snapshot that is none costs nothing";
  ASSERT_TRUE(loop.run(tiny.machine->remove("two")).has_value());
  EXPECT_TRUE(loop.run(tiny.machine->snapshots()).value().empty());
  for (const auto& entry : fs::directory_iterator(dir.path()))
    EXPECT_NE(entry.path().extension(), ".vm") << entry.path();
}

TEST_F(ServedDiskTest, a_snapshot_that_cannot_be_received_leaves_a_machine_that_is_off) {
  serve();
  ASSERT_TRUE(tiny.boots());
  const auto saved = loop.run(tiny.machine->save("two"));
  ASSERT_TRUE(saved.has_value()) << saved.error().describe();
  for (const auto& entry : fs::directory_iterator(dir.path()))
    if (entry.path().extension() == ".vm") fs::resize_file(entry.path(), 5000);
  const auto loaded = loop.run(tiny.machine->load("two"));
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().blame(), Blame::bench) << loaded.error().describe();
  EXPECT_TRUE(loop.run_until([&] { return !tiny.machine->on(); }, 10s));
  EXPECT_TRUE(tiny.boots());
}

TEST_F(ServedDiskTest, a_server_that_is_lost_for_good_still_lets_the_machine_go_off) {
  serve();
  ASSERT_TRUE(tiny.boots());
  std::ofstream(server->files()[1], std::ios::app) << std::string(200, 'x');
  ::kill(server->pid(), SIGKILL);
  const auto off = loop.run(tiny.machine->hard_off());
  ASSERT_FALSE(off.has_value()) << "the cut was none";
  EXPECT_EQ(off.error().code(), "disk.log_damaged");
  EXPECT_EQ(off.error().blame(), Blame::bench);
  EXPECT_EQ(tiny.machine->pid(), 0);
}

}  // namespace
}  // namespace seatrial::qemu
