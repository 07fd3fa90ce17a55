// SPDX-License-Identifier: Apache-2.0
// What Linux loses when its power goes off, and what it must not lose: the reference OS on a
// cut-aware disk. The same moment is cut twice, once so that everything survives that was sent to
// the disk (as with SIGKILL on a file): what differs is what a file could never have shown.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include "core/base/text.hpp"
#include "core/disk/ext.hpp"
#include "core/disk/nbd.hpp"
#include "core/io/hash.hpp"
#include "tests/workers/qemu/linux_machine.hpp"

namespace seatrial::qemu {
namespace {
using test::LinuxMachine;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::size_t kDirectSize = 65536;

/// What is on the disk of a machine that is off.
struct Survivors {
  std::string synced, config, direct;
};

Survivors look(const LinuxMachine& tested) {
  Survivors out;
  const auto disk = tested.open();
  const auto data = disk.window(*disk.by_name("resin-data"), true).value();
  const auto ext = disk::Ext::open(data, true);
  EXPECT_TRUE(ext.has_value()) << ext.error().describe();
  out.synced = ext->read("/synced").value_or("absent");
  const disk::Fat boot(disk.window(*disk.by_name("resin-boot")).value());
  out.config = boot.read("/probe.json").value_or("absent");
  auto host = disk::NbdClient::connect(tested.server->offline()).value();
  out.direct.resize(kDirectSize);
  EXPECT_TRUE(host.read(disk.by_name("resin-rootB")->start, out.direct).has_value());
  return out;
}

/// Writes that no flush follows; other programs of the OS may flush in between: then once more.
bool write_without_flush(LinuxMachine& tested) {
  for (int tries = 0; tries < 10; ++tries) {
    tested.run("echo '{\"is\":\"old\"}' > /mnt/boot/probe.json; sync");
    const auto before = tested.ask({{"do", "stat"}})["flushes"];
    tested.run(
        "echo '{\"is\":\"new\"}' > /mnt/boot/probe.json\n"
        "dd if=/run/direct of=/dev/vda3 bs=64k count=1 oflag=direct 2>/dev/null");
    if (tested.ask({{"do", "stat"}})["flushes"] == before) return true;
  }
  return false;
}

TEST(PowerCut, what_was_flushed_survives_and_what_was_only_written_does_not) {
  LinuxMachine tested;
  ASSERT_FALSE(::testing::Test::HasFailure());
  ASSERT_TRUE(tested.power_on().has_value());
  EXPECT_EQ(tested.run("cat /sys/block/vda/queue/write_cache"), "write back\n");
  EXPECT_EQ(tested.run("cat /sys/block/vda/queue/fua"), "0\n");
  tested.run("yes direct | head -c 65536 > /run/direct");
  tested.run("printf kept | dd of=/mnt/data/synced conv=fsync 2>/dev/null");
  ASSERT_TRUE(write_without_flush(tested)) << "this OS flushes all the time";
  // The moment is kept, so that it can be cut in two ways.
  tested.ask({{"do", "snapshot"}, {"save", "moment"}});
  const auto pending = tested.ask({{"do", "stat"}})["pending"]["writes"].get<int>();
  EXPECT_GE(pending, 2);
  const auto off = tested.loop.run(tested.machine->hard_off());
  ASSERT_TRUE(off.has_value()) << off.error().describe();

  const auto lost = look(tested);
  EXPECT_EQ(lost.synced, "kept");
  EXPECT_EQ(lost.config, "{\"is\":\"old\"}\n") << "the old content, whole";
  EXPECT_THAT(lost.direct, Not(HasSubstr("direct")));

  tested.ask({{"do", "snapshot"}, {"restore", "moment"}});
  tested.ask({{"do", "policy"}, {"permille", 1000}});
  tested.ask({{"do", "cut"}});
  const auto kept = look(tested);
  EXPECT_EQ(kept.synced, "kept");
  EXPECT_EQ(kept.config, "{\"is\":\"new\"}\n") << "on a file it would look durable";
  EXPECT_EQ(kept.direct.substr(0, 14), "direct\ndirect\n");

  // And the OS starts on what is left.
  tested.ask({{"do", "snapshot"}, {"restore", "moment"}});
  tested.ask({{"do", "policy"}, {"permille", 0}});
  ASSERT_TRUE(tested.power_on().has_value());
  EXPECT_EQ(tested.run("cat /mnt/data/synced"), "kept");
  EXPECT_EQ(tested.events, "powered_on powered_off powered_on ");
}

TEST(PowerCut, a_snapshot_of_linux_goes_back_in_memory_and_on_the_disk_and_keeps_what_is_pending) {
  LinuxMachine tested;
  ASSERT_FALSE(::testing::Test::HasFailure());
  ASSERT_TRUE(tested.power_on().has_value());
  tested.run("yes direct | head -c 65536 > /run/direct; echo here > /run/here");
  ASSERT_TRUE(write_without_flush(tested));
  const auto pending = tested.ask({{"do", "stat"}})["pending"]["writes"].get<int>();
  const auto began = Clock::system().monotonic();
  const auto saved = tested.loop.run(tested.machine->save("here"));
  ASSERT_TRUE(saved.has_value()) << saved.error().describe();
  const auto between = Clock::system().monotonic();
  EXPECT_GE(tested.ask({{"do", "stat"}})["ignored_flushes"], 1);
  tested.run("echo later > /mnt/data/later; echo later > /run/here; sync");
  const auto before_load = Clock::system().monotonic();
  const auto loaded = tested.loop.run(tested.machine->load("here"));
  ASSERT_TRUE(loaded.has_value()) << loaded.error().describe();
  const auto after_load = Clock::system().monotonic();
  EXPECT_GE(tested.ask({{"do", "stat"}})["pending"]["writes"], pending) << "QEMU flushed nothing";
  EXPECT_EQ(tested.run("cat /run/here; ls /mnt/data/later 2>/dev/null; cat /mnt/boot/probe.json"),
            "here\n{\"is\":\"new\"}\n");
  const auto answered = Clock::system().monotonic();
  RecordProperty("save", human_duration(between - began));
  RecordProperty("load", human_duration(after_load - before_load));
  RecordProperty("load_to_answer", human_duration(answered - before_load));
  EXPECT_EQ(tested.events, "powered_on restored ");
}

TEST(PowerCut, a_server_killed_under_linux_in_the_middle_of_a_stream_costs_nothing) {
  LinuxMachine tested;
  ASSERT_FALSE(::testing::Test::HasFailure());
  ASSERT_TRUE(tested.power_on().has_value());
  tested.run("head -c 33554432 /dev/urandom > /run/stream");
  const auto digest = tested.run("sha256sum < /run/stream");
  auto& loop = tested.loop;
  constexpr unsigned kPasses = 10, kPass = 32;  // MiB
  const auto begin = tested.ask({{"do", "stat"}})["bytes_written"].get<std::uint64_t>();
  tested.run(
      fmt::format("(for i in $(seq {}); do dd if=/run/stream of=/dev/vda3 bs=64k oflag=direct "
                  "2>/run/dd || exit; done; touch /run/done) >/dev/null 2>&1 &",
                  kPasses));
  for (const std::uint64_t mb : {40, 100, 170}) {
    std::uint64_t written = 0;
    while (written < (mb << 20))
      written = tested.ask({{"do", "stat"}})["bytes_written"].get<std::uint64_t>() - begin;
    ASSERT_LT(written, (kPasses * kPass - 8) << 20) << "the stream is over: nothing to disturb";
    ::kill(tested.server->pid(), SIGKILL);
  }
  tested.run("while ! test -e /run/done; do sleep 0.2; done");
  EXPECT_EQ(tested.server->restarts(), 3u);
  EXPECT_EQ(tested.run("dd if=/dev/vda3 bs=1M count=32 iflag=direct 2>/dev/null | sha256sum"),
            digest);
  EXPECT_THAT(tested.run("dmesg"), Not(HasSubstr("I/O error")));
  tested.run("sync");
  ASSERT_TRUE(loop.run(tested.machine->hard_off()).has_value());
  const auto disk = tested.open();
  auto host = disk::NbdClient::connect(tested.server->offline()).value();
  std::string content(32u << 20, 'x');
  ASSERT_TRUE(host.read(disk.by_name("resin-rootB")->start, content).has_value());
  EXPECT_EQ(io::sha256(content), digest.substr(0, 64)) << "and so it lies on the disk";
}

}  // namespace
}  // namespace seatrial::qemu
