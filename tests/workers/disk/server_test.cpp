// SPDX-License-Identifier: Apache-2.0
// The server as a process, with QEMU's own tools as clients, and its death.
#include "workers/disk/server.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <random>
#include "core/base/clock.hpp"
#include "core/disk/disk.hpp"
#include "core/disk/raw.hpp"

#include "core/io/hash.hpp"
#include "tests/workers/disk/running_server.hpp"
#include "tests/workers/support/tasks.hpp"

namespace seatrial::cutdisk {
namespace {
using namespace std::chrono_literals;
using test::pattern;
using test::RunningServer;
using test::same;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr std::uint64_t kSize = 8u << 20;

/// What qemu-io says to these commands; its cache mode is that of a guest with a write cache.
std::string qemu_io(const RunningServer& server, const std::vector<std::string>& commands) {
  auto run = io::cmd("qemu-io").arg("-t").arg("writeback").arg("-f").arg("raw");
  for (const auto& command : commands) run.arg("-c").arg(command);
  run.arg(server.url());
  const auto done = io::run_blocking(std::move(run), Budget(60s, "qemu-io"));
  EXPECT_TRUE(done.has_value()) << done.error().describe();
  return done ? done->out + done->err : std::string();
}

std::string read_offline(const RunningServer& server, std::uint64_t offset, std::size_t size) {
  auto client = disk::NbdClient::connect(server.url("offline"));
  EXPECT_TRUE(client.has_value()) << client.error().describe();
  std::string out(size, 'x');
  const auto done = client->read(offset, out);
  EXPECT_TRUE(done.has_value()) << done.error().describe();
  return out;
}

TEST(DiskServer, serves_qemus_tools) {
  RunningServer server(kSize, pattern(4u << 20, 1));
  EXPECT_THAT(qemu_io(server, {"write -P 7 1M 1M", "write -z 3M 64k", "discard 3200k 64k", "flush",
                               "read -P 7 1M 1M", "read -P 0 3M 64k", "read -P 0 5M 1M"}),
              ::testing::Not(HasSubstr("fail")));
  auto stat = server.ask(R"({"do":"stat"})");
  EXPECT_EQ(stat["writes"], 2);
  EXPECT_EQ(stat["trims"], 1);
  EXPECT_GE(stat["flushes"], 1);
  EXPECT_EQ(stat["pending"]["writes"], 0);
  // The other way round: a whole image, byte for byte.
  const auto image = server.files.dir.path() / "copy.img";
  auto copy = io::cmd("qemu-img").arg("convert").arg("-O").arg("raw").arg(server.url("offline"));
  copy.arg(image.string());
  const auto done = io::run_checked(std::move(copy), Budget(60s, "qemu-img"), "x", Blame::bench);
  ASSERT_TRUE(done.has_value()) << done.error().describe();
  auto expected = pattern(4u << 20, 1) + std::string(4u << 20, '\0');
  expected.replace(1u << 20, 1u << 20, std::string(1u << 20, 7));
  expected.replace(3u << 20, 65536, std::string(65536, '\0'));
  expected.replace(3200u << 10, 65536, std::string(65536, '\0'));
  EXPECT_TRUE(same(io::read_file(image, 1u << 30).value(), expected));
  server.ask(fmt::format(R"({{"do":"export","file":"{}"}})", image.string()));
  EXPECT_TRUE(same(io::read_file(image, 1u << 30).value(), expected));
}

TEST(DiskServer, a_tool_killed_before_its_flush_leaves_what_the_power_takes) {
  RunningServer server(kSize, pattern(kSize, 1));
  // qemu-io ends in good order, with a flush; abort ends it as SIGKILL would.
  qemu_io(server, {"write -P 3 0 64k", "flush", "write -P 4 64k 64k", "abort"});
  EXPECT_EQ(server.ask(R"({"do":"stat"})")["pending"]["writes"], 1);
  EXPECT_EQ(server.ask(R"({"do":"cut"})")["pending"], 1);
  EXPECT_TRUE(same(read_offline(server, 0, 65536), std::string(65536, 3)));
  EXPECT_TRUE(same(read_offline(server, 65536, 65536), pattern(kSize, 1).substr(65536, 65536)));
}

TEST(DiskServer, killed_and_started_again_it_has_lost_nothing) {
  RunningServer server(kSize);
  qemu_io(server, {"write -P 3 0 64k", "flush", "write -P 4 64k 64k", "abort"});
  server.ask(R"({"do":"policy","permille":1000})");
  server.kill();
  EXPECT_TRUE(fs::exists(server.nbd())) << "the socket of the dead one is in the way";
  const auto ready = server.start();
  EXPECT_EQ(ready["ok"]["pending"], 1) << ready.dump();
  EXPECT_THAT(qemu_io(server, {"read -P 3 0 64k", "read -P 4 64k 64k", "abort"}),
              ::testing::Not(HasSubstr("fail")));
  EXPECT_EQ(server.ask(R"({"do":"cut"})")["kept"], 1);
  EXPECT_TRUE(same(read_offline(server, 65536, 65536), std::string(65536, 4)));
  server.kill(SIGTERM);
  EXPECT_TRUE(WIFEXITED(server.status) && WEXITSTATUS(server.status) == 0);
  EXPECT_FALSE(fs::exists(server.nbd()));
}

TEST(DiskServer, killed_between_writes_again_and_again_it_is_the_same_disk) {
  RunningServer server(kSize);
  std::string content(kSize, '\0');
  auto client = std::make_optional(disk::NbdClient::connect(server.url()).value());
  std::mt19937_64 dice(1);
  for (unsigned round = 0; round < 6; ++round) {
    for (unsigned i = 0; i < 40; ++i) {
      const auto offset = dice() % (kSize - 70'000);
      const auto bytes = pattern(1 + dice() % 70'000, round * 100 + i);
      ASSERT_TRUE(client->write(offset, bytes).has_value());
      content.replace(offset, bytes.size(), bytes);
    }
    server.kill();
    EXPECT_FALSE(client->write(0, "x").has_value());
    const auto ready = server.start();
    EXPECT_EQ(ready["ok"]["pending"], (round + 1) * 40) << ready.dump();
    client.reset();
    client.emplace(disk::NbdClient::connect(server.url()).value());
    std::string is(kSize, 'x');
    ASSERT_TRUE(client->read(0, is).has_value());
    ASSERT_TRUE(same(is, content)) << round;
  }
}

TEST(DiskServer, killed_in_the_middle_of_writes_it_holds_whole_requests_and_goes_on) {
  RunningServer server(kSize);
  seatrial::test::Loop loop;
  for (int round = 0; round < 5; ++round) {
    auto load = io::cmd("qemu-img").arg("bench").arg("-f").arg("raw").arg("-w").arg("-t");
    load.arg("writeback").arg("-c").arg("1000000").arg("-d").arg("16").arg("-s").arg("8192");
    load.arg("--pattern=65").arg("--flush-interval=50").arg(server.url());
    load.stdout_file = load.stderr_file = server.files.dir.path() / "bench.log";
    auto process = io::Process::start(loop.executor(), std::move(load));
    ASSERT_TRUE(process.has_value()) << process.error().describe();
    const auto before = server.ask(R"({"do":"stat"})")["writes"].get<std::uint64_t>();
    while (server.ask(R"({"do":"stat"})")["writes"] < before + 300) ASSERT_TRUE(process->running());
    server.kill();
    loop.run(process->stop(0s));
    const auto ready = server.start();
    ASSERT_TRUE(ready.contains("ok")) << ready.dump();
    server.ask(R"({"do":"policy","permille":500,"seed":3})");
    server.ask(R"({"do":"cut"})");
    const auto content = read_offline(server, 0, kSize);
    for (std::size_t at = 0; at < kSize; at += 8192)
      ASSERT_TRUE(content.compare(at, 8192, std::string(8192, 'A')) == 0 ||
                  content.compare(at, 8192, std::string(8192, '\0')) == 0)
          << "half a request at " << at;
    server.ask(R"({"do":"revive"})");
  }
}

TEST(DiskServer, a_reply_that_is_delayed_delays_no_other) {
  RunningServer server(kSize);
  server.ask(R"({"do":"fault","op":"read","offset":0,"length":4096,"delay_ms":900})");
  const auto begin = Clock::system().monotonic();
  // Both at a time; qemu-io says when each is done.
  const auto said = qemu_io(server, {"aio_read 0 4k", "aio_read 64k 4k", "aio_flush"});
  EXPECT_GE(Clock::system().monotonic() - begin, 900ms);
  const auto near = said.find("offset 65536"), far = said.find("offset 0");
  ASSERT_NE(near, std::string::npos) << said;
  ASSERT_NE(far, std::string::npos) << said;
  EXPECT_LT(near, far) << said;
}

/// A client in raw bytes, which may go on after the power went off.
struct RawGuest {
  explicit RawGuest(const RunningServer& server) : fd(RunningServer::connect(server.nbd())) {
    std::string hello;
    nbd::put(hello, 3, 4);
    hello += "IHAVEOPT";
    nbd::put(hello, 1, 4);
    nbd::put(hello, 3, 4);
    send(hello + "dut");
    EXPECT_EQ(hear(28).size(), 28u);
  }
  void send(const std::string& bytes) {
    EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void write(std::uint64_t offset, const std::string& bytes) {
    std::string request;
    nbd::put(request, 0x25609513, 4);
    nbd::put(request, 1, 4);
    nbd::put(request, 7, 8);
    nbd::put(request, offset, 8);
    nbd::put(request, bytes.size(), 4);
    send(request + bytes);
  }
  std::string hear(std::size_t bytes, bool now = false) {
    std::string out(bytes, '\0');
    const auto n = ::recv(fd.get(), out.data(), bytes, now ? MSG_DONTWAIT : MSG_WAITALL);
    out.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return out;
  }
  io::UniqueFd fd;
};

TEST(DiskServer, a_guest_whose_power_was_cut_is_never_heard_again_even_if_it_lives) {
  RunningServer server(kSize);
  RawGuest old(server);
  old.write(0, pattern(4096, 1));
  EXPECT_EQ(old.hear(16).size(), 16u);
  server.ask(R"({"do":"cut"})");
  old.write(4096, pattern(4096, 2));
  server.ask(R"({"do":"revive"})");
  old.write(8192, pattern(4096, 3));
  RawGuest fresh(server);  // served behind the old one's requests: those have been seen
  fresh.write(12288, pattern(4096, 4));
  EXPECT_EQ(fresh.hear(16).size(), 16u) << "the next one is let in";
  EXPECT_EQ(old.hear(16, true), "") << "no answer";
  EXPECT_EQ(server.ask(R"({"do":"stat"})")["writes"], 2);
  old.fd.reset();
  EXPECT_EQ(server.ask(R"({"do":"stat"})")["guest"], true) << "its end is not that of the new one";
}

TEST(DiskServer, who_waits_for_events_hears_them_at_once) {
  RunningServer server(kSize);
  const auto watcher = RunningServer::connect(server.control());
  const std::string wait = R"({"do":"wait","after":0,"ms":20000})"
                           "\n";
  ASSERT_GT(::send(watcher.get(), wait.data(), wait.size(), 0), 0);
  server.ask(R"({"do":"cut"})");
  std::string line;
  for (char c = 0; ::recv(watcher.get(), &c, 1, 0) == 1 && c != '\n';) line += c;
  const auto events = nlohmann::json::parse(line);
  EXPECT_EQ(events["ok"]["events"][0]["event"], "cut");
  const auto none = server.ask(R"({"do":"wait","after":1,"ms":10})");
  EXPECT_EQ(none["events"].size(), 0u);
}

TEST(DiskServer, nonsense_on_either_socket_does_no_harm) {
  RunningServer server(kSize);
  for (const auto& bytes : {std::string("GET / HTTP/1.0\r\n\r\n"), std::string(100'000, 'x'),
                            std::string(1000, '\0'), std::string("\n\n{\n")}) {
    RunningServer::talk(server.nbd(), bytes + std::string(100, '\n'));
    RunningServer::talk(server.control(), bytes + "\n");
  }
  EXPECT_THAT(RunningServer::talk(server.control(), "nonsense\n"), HasSubstr("disk.request"));
  EXPECT_THAT(qemu_io(server, {"read -P 0 0 64k"}), ::testing::Not(HasSubstr("fail")));
}

TEST(DiskServer, a_client_that_never_reads_its_replies_costs_no_memory) {
  RunningServer server(64u << 20);
  const auto greedy = RunningServer::connect(server.nbd());
  std::string out;
  nbd::put(out, 3, 4);
  out += "IHAVEOPT";
  nbd::put(out, 1, 4);
  nbd::put(out, 3, 4);
  out += "dut";
  for (int i = 0; i < 2000; ++i) {  // 64 GB of replies
    nbd::put(out, 0x25609513, 4);
    nbd::put(out, 0, 4);
    nbd::put(out, 1, 8);
    nbd::put(out, 0, 8);
    nbd::put(out, nbd::kLongestRequest, 4);
  }
  ASSERT_GT(::send(greedy.get(), out.data(), out.size(), MSG_DONTWAIT), 0);
  server.ask(R"({"do":"stat"})");
  const auto status = io::read_file(fmt::format("/proc/{}/status", server.pid)).value();
  const auto peak = std::stoul(status.substr(status.find("VmHWM:") + 6));
  EXPECT_LT(peak, 250'000u) << "KiB";
}

TEST(DiskServer, is_read_and_edited_offline_like_any_disk_and_refused_while_a_guest_is_there) {
  RunningServer server(kSize);
  {
    const auto guest = disk::NbdClient::connect(server.url());
    ASSERT_TRUE(guest.has_value());
    const auto refused = disk::Disk::open(server.url("offline"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), "image.in_use");
  }
  server.ask(R"({"do":"cut"})");
  // A disk with one partition, made through the wire.
  auto script = io::cmd("sfdisk").arg("-q").arg((server.files.dir.path() / "table").string());
  script.input = "label: gpt\nstart=2048, size=8192, name=resin-boot\n";
  fs::resize_file(
      (std::ofstream(server.files.dir.path() / "table"), server.files.dir.path() / "table"), kSize);
  const auto made = io::run_checked(std::move(script), Budget(60s, "sfdisk"), "x", Blame::bench);
  ASSERT_TRUE(made.has_value()) << made.error().describe();
  {
    auto host = disk::NbdClient::connect(server.url("offline")).value();
    ASSERT_TRUE(
        host.write(0, io::read_file(server.files.dir.path() / "table").value()).has_value());
    ASSERT_TRUE(host.flush().has_value());
  }
  {
    const auto disk = disk::Disk::open(server.url("offline"));
    ASSERT_TRUE(disk.has_value()) << disk.error().describe();
    EXPECT_EQ(disk->format(), "nbd");
    const auto* partition = disk->by_name("resin-boot");
    ASSERT_NE(partition, nullptr);
    const auto window = disk->window(*partition).value();
    auto copy = io::read_file(window.file).value();
    ASSERT_EQ(copy.size(), 8192u * 512);
    copy.replace(100'000, 5, "hello");
    ASSERT_TRUE(io::write_file_atomic(window.file, copy).has_value());
    ASSERT_TRUE(disk->write_back(*partition, window).has_value());
  }
  server.kill();
  server.start();
  EXPECT_EQ(read_offline(server, 2048 * 512 + 100'000, 5), "hello");
  EXPECT_EQ(disk::Disk::open("nbd+unix:///offline?socket=/nowhere").error().code(),
            "image.missing");
}

}  // namespace
}  // namespace seatrial::cutdisk
