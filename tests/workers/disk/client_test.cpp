// SPDX-License-Identifier: Apache-2.0
// The bench host's side: a real server as a child, killed at bad moments.
#include "workers/disk/client.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/disk/nbd.hpp"
#include "core/io/process.hpp"
#include "tests/workers/disk/disk_files.hpp"
#include "tests/workers/support/tasks.hpp"

namespace seatrial::cutdisk {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
using test::pattern;
using test::same;
namespace fs = std::filesystem;

constexpr std::uint64_t kSize = 1u << 20;

struct ClientTest : ::testing::Test {
  io::TempDir dir = io::TempDir::make("disk_client_test").value();
  seatrial::test::Loop loop;
  std::shared_ptr<Client> client;
  std::string events;
  std::vector<Failure> failures;

  DiskSettings settings() const {
    DiskSettings settings;
    settings.folder = dir.path();
    settings.size = kSize;
    return settings;
  }
  Result<> start(const DiskSettings& settings) {
    auto started = loop.run(Client::start(loop.nursery(), nullptr, settings));
    if (!started) return started.error();
    client = *started;
    client->on_event("test", [this](const DiskEvent& event) {
      using Kind = DiskEvent::Kind;
      events += event.kind == Kind::cut         ? "cut "
                : event.kind == Kind::restarted ? "restarted "
                : event.kind == Kind::lost      ? "lost "
                                                : "trouble ";
      if (event.failure) failures.push_back(*event.failure);
    });
    return {};
  }
  Result<json> ask(const json& request) { return loop.run(client->ask(request)); }
  disk::NbdClient guest() {
    return disk::NbdClient::connect(disk::nbd_url("dut", client->socket().string())).value();
  }
  std::string survived(std::uint64_t offset, std::size_t size) {
    auto host = disk::NbdClient::connect(client->offline()).value();
    std::string out(size, 'x');
    EXPECT_TRUE(host.read(offset, out).has_value());
    return out;
  }
};

TEST_F(ClientTest, cuts_revives_and_takes_snapshots) {
  ASSERT_TRUE(start(settings()).has_value());
  auto dut = guest();
  ASSERT_TRUE(dut.write(0, pattern(4096, 1)).has_value());
  ASSERT_TRUE(dut.flush().has_value());
  ASSERT_TRUE(dut.write(0, pattern(4096, 2)).has_value());
  ASSERT_TRUE(loop.run(client->save("here")).has_value());
  ASSERT_TRUE(loop.run(client->mark("a mark")).has_value());
  const auto cut = loop.run(client->cut());
  ASSERT_TRUE(cut.has_value()) << cut.error().describe();
  EXPECT_EQ(cut->pending, 1u);
  EXPECT_EQ(loop.run(client->cut())->pending, 1u) << "again, the same answer";
  EXPECT_TRUE(same(survived(0, 4096), pattern(4096, 1)));
  ASSERT_TRUE(loop.run(client->restore("here")).has_value());
  EXPECT_EQ(loop.run(client->restore("there")).error().code(), "disk.no_snapshot");
  EXPECT_EQ(ask({{"do", "stat"}})->at("pending").at("writes"), 1);
  EXPECT_EQ(events, "") << "who asked for a cut need not be told";
  ASSERT_TRUE(loop.run(client->remove()).has_value());
  EXPECT_FALSE(fs::exists(client->files()[0]));
  EXPECT_TRUE(fs::exists(client->files()[1])) << "the log is evidence";
  EXPECT_EQ(loop.run(client->cut()).error().code(), "disk.stopped");
}

TEST_F(ClientTest, a_server_that_is_killed_is_back_at_once_with_everything) {
  ASSERT_TRUE(start(settings()).has_value());
  {
    auto dut = guest();
    ASSERT_TRUE(dut.write(0, pattern(4096, 1)).has_value());
  }
  for (unsigned round = 1; round <= 3; ++round) {
    ::kill(client->pid(), SIGKILL);
    const auto stat = ask({{"do", "stat"}});  // asked while it is dead
    ASSERT_TRUE(stat.has_value()) << stat.error().describe();
    EXPECT_EQ(stat->at("pending").at("writes"), 1);
    EXPECT_EQ(client->restarts(), round);
  }
  EXPECT_EQ(events, "restarted restarted restarted ");
  EXPECT_EQ(failures.front().code(), "disk.died");
  EXPECT_EQ(failures.front().blame(), Blame::bench);
}

TEST_F(ClientTest, a_server_that_cannot_start_says_why) {
  auto wrong = settings();
  wrong.base = dir.path() / "nowhere.img";
  const auto missing = start(wrong);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code(), "file.missing");
  wrong = settings();
  wrong.program = "/bin/false";
  EXPECT_EQ(start(wrong).error().code(), "disk.start");
}

TEST_F(ClientTest, one_that_cannot_come_back_is_lost_and_everybody_hears_it) {
  ASSERT_TRUE(start(settings()).has_value());
  std::ofstream(client->files()[1], std::ios::app) << std::string(200, 'x');  // its log, spoilt
  ::kill(client->pid(), SIGKILL);
  const auto asked = ask({{"do", "stat"}});
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().code(), "disk.log_damaged");
  EXPECT_EQ(events, "lost ");
  EXPECT_EQ(loop.run(client->cut()).error().code(), "disk.log_damaged");
}

TEST_F(ClientTest, a_cut_by_a_fault_and_trouble_of_the_host_are_told) {
  // The store of this server may have 64 KiB, as on a host that is full.
  const auto wrapper = dir.path() / "small-host";
  ASSERT_TRUE(io::write_file_atomic(wrapper,
                                    fmt::format("#!/bin/sh\nulimit -f 128\nexec {} \"$@\"\n",
                                                io::own_program("seatrial-disk").value().string()),
                                    0755)
                  .has_value());
  auto small = settings();
  small.program = wrapper.string();
  ASSERT_TRUE(start(small).has_value());
  {
    auto dut = guest();
    ASSERT_TRUE(dut.write(0, pattern(20'000, 1)).has_value());
    EXPECT_FALSE(dut.write(100'000, pattern(100'000, 2)).has_value());
  }
  EXPECT_TRUE(loop.run_until([&] { return events == "trouble "; }, 20s)) << events;
  EXPECT_EQ(failures.front().code(), "file.disk_full");
  EXPECT_EQ(failures.front().blame(), Blame::bench);
  ASSERT_TRUE(ask({{"do", "fault"}, {"op", "write"}, {"cut_at", 1}}).has_value());
  auto dut = guest();
  std::thread writer([&] { (void)dut.write(0, pattern(512, 3)); });  // it never hears of it
  EXPECT_TRUE(loop.run_until([&] { return events == "trouble cut "; }, 20s)) << events;
  client.reset();
  writer.join();
}

TEST(OwnerKilled, leaves_no_disk_server) {
  const auto dir = io::TempDir::make("disk_client_test").value();
  const fs::path note = dir.path() / "note";
  const pid_t owner = ::fork();
  if (owner == 0) {
    seatrial::test::Loop loop;
    DiskSettings settings;
    settings.folder = dir.path();
    settings.size = kSize;
    const auto client = loop.run(Client::start(loop.nursery(), nullptr, settings));
    if (!client) ::_exit(1);
    (void)io::write_file_atomic(note, std::to_string((*client)->pid()));
    for (;;) ::pause();
  }
  seatrial::test::Loop loop;
  ASSERT_TRUE(loop.run_until([&] { return fs::exists(note); }, 20s));
  const int server = std::stoi(io::read_file(note).value());
  ASSERT_EQ(::kill(server, 0), 0);
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  const auto gone = [&] {
    const auto stat = io::read_file(fmt::format("/proc/{}/stat", server));
    return !stat || stat->find(") Z ") != std::string::npos;
  };
  EXPECT_TRUE(loop.run_until(gone, 2s));
}

}  // namespace
}  // namespace seatrial::cutdisk
