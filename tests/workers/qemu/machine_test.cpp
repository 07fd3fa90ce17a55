// SPDX-License-Identifier: Apache-2.0
// The life of a machine, with real QEMU processes and the tiny guest.
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <boost/asio/ip/tcp.hpp>
#include <nlohmann/json.hpp>

#include "core/io/hash.hpp"
#include "core/io/process.hpp"
#include "tests/workers/qemu/tiny_guest.hpp"

namespace seatrial::qemu {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using test::TinyMachine;

bool lives(int pid) {
  const auto stat = io::read_file(fmt::format("/proc/{}/stat", pid));
  return stat && stat->find(") Z ") == std::string::npos;
}

struct MachineTest : ::testing::Test {
  io::TempDir dir = io::TempDir::make("machine_test").value();
  test::Loop loop;

  PowerState state_of(Machine& machine) {
    const auto state = loop.run(machine.state());
    EXPECT_TRUE(state.has_value()) << state.error().describe();
    return state.value_or(PowerState::stopped);
  }
};

TEST_F(MachineTest, powers_on_with_the_console_from_the_first_byte_and_off_by_force) {
  TinyMachine tiny(loop, dir.path());
  EXPECT_EQ(state_of(*tiny.machine), PowerState::off);
  ASSERT_TRUE(tiny.boots());
  EXPECT_EQ(state_of(*tiny.machine), PowerState::on);
  const int pid = tiny.machine->pid();
  const auto again = tiny.power_on();
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code(), "power.on");

  ASSERT_TRUE(loop.run(tiny.machine->hard_off()).has_value());
  EXPECT_FALSE(lives(pid));
  EXPECT_EQ(state_of(*tiny.machine), PowerState::off);
  EXPECT_TRUE(loop.run(tiny.machine->hard_off()).has_value()) << "off is off";
  EXPECT_EQ(loop.run(tiny.machine->wait_end()).value(), End::hard_off);
  ASSERT_TRUE(tiny.boots()) << "a power cycle";
  EXPECT_EQ(tiny.machine->power_ons(), 2u);
  EXPECT_EQ(tiny.events, "powered_on powered_off powered_on ");
}

TEST_F(MachineTest, the_power_button_the_reset_button_and_what_the_guest_does_are_told_apart) {
  TinyMachine tiny(loop, dir.path());
  ASSERT_TRUE(tiny.boots());
  auto before = tiny.line->text.size();
  ASSERT_TRUE(loop.run(tiny.machine->reset()).has_value());
  ASSERT_TRUE(tiny.says("R", before));
  before = tiny.line->text.size();
  ASSERT_TRUE(tiny.ask("r", ""));
  ASSERT_TRUE(tiny.says("R", before));
  EXPECT_EQ(tiny.events, "powered_on reset reset(guest) ");
  const auto off = loop.run(tiny.machine->soft_off(Budget(30s, "the shutdown")));
  EXPECT_TRUE(off.has_value()) << off.error().describe();
  EXPECT_EQ(loop.run(tiny.machine->wait_end()).value(), End::soft_off);

  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(tiny.ask("o", ""));
  EXPECT_EQ(loop.run(tiny.machine->wait_end()).value(), End::guest_off);
  EXPECT_TRUE(tiny.failures.empty());
}

TEST_F(MachineTest, a_guest_that_ignores_the_power_button_is_the_products_fault_and_stays_on) {
  TinyMachine tiny(loop, dir.path());
  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(tiny.ask("b", "b"));
  const auto off = loop.run(tiny.machine->soft_off(Budget(500ms, "the shutdown")));
  ASSERT_FALSE(off.has_value());
  EXPECT_EQ(off.error().code(), "power.soft_off");
  EXPECT_EQ(off.error().blame(), Blame::product);
  EXPECT_EQ(state_of(*tiny.machine), PowerState::on);
}

TEST_F(MachineTest, pause_and_resume_are_read_back) {
  TinyMachine tiny(loop, dir.path());
  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(loop.run(tiny.machine->pause()).has_value());
  EXPECT_EQ(state_of(*tiny.machine), PowerState::paused);
  ASSERT_TRUE(loop.run(tiny.machine->resume()).has_value());
  EXPECT_EQ(state_of(*tiny.machine), PowerState::on);
}

Task<Result<std::string>> never() {
  co_await pause(1h);
  co_return std::string("never");
}

TEST_F(MachineTest, qemu_killed_by_hand_is_a_bench_failure_for_everybody_who_waits) {
  TinyMachine tiny(loop, dir.path());
  ASSERT_TRUE(tiny.boots());
  const auto begin = Clock::system().monotonic();
  auto waiting = tiny.machine->while_alive(never());
  ::kill(tiny.machine->pid(), SIGKILL);
  const auto result = loop.run(std::move(waiting));
  EXPECT_LT(Clock::system().monotonic() - begin, 5s);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "qemu.died");
  EXPECT_EQ(result.error().blame(), Blame::bench);
  EXPECT_NE(result.error().what().find("signal 9"), std::string::npos) << result.error().what();
  EXPECT_NE(tiny.events.find("died"), std::string::npos);
  const auto later = loop.run(tiny.machine->reset());
  ASSERT_FALSE(later.has_value());
  EXPECT_EQ(later.error().code(), "qemu.died") << "and for those who come later";
  EXPECT_EQ(state_of(*tiny.machine), PowerState::off);
  EXPECT_TRUE(tiny.boots()) << "a new power-on is a new machine";
}

TEST_F(MachineTest, qemu_ended_by_sigterm_was_not_asked_for_either) {
  TinyMachine tiny(loop, dir.path());
  ASSERT_TRUE(tiny.boots());
  ::kill(tiny.machine->pid(), SIGTERM);
  const auto end = loop.run(tiny.machine->wait_end());
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.error().code(), "qemu.died");
  EXPECT_NE(end.error().what().find("terminating on signal 15"), std::string::npos);
}

TEST_F(MachineTest, qemu_that_dies_at_start_says_why_at_once) {
  TinyMachine tiny(loop, dir.path());
  auto spec = tiny.spec();
  spec.extra = {"-device", "no-such-device"};
  ASSERT_TRUE(tiny.machine->respec(spec).has_value());
  const auto begin = Clock::system().monotonic();
  const auto on = tiny.power_on();
  EXPECT_LT(Clock::system().monotonic() - begin, 15s);
  ASSERT_FALSE(on.has_value());
  EXPECT_EQ(on.error().code(), "qemu.died");
  EXPECT_NE(on.error().what().find("no-such-device"), std::string::npos) << on.error().what();
  ASSERT_TRUE(tiny.machine->respec(tiny.spec()).has_value());
  EXPECT_TRUE(tiny.boots()) << "a failed start leaves a machine that can be started";
}

TEST_F(MachineTest, a_qemu_that_is_not_installed_is_named) {
  TinyMachine tiny(loop, dir.path());
  auto spec = tiny.spec();
  spec.arch = "pdp11";
  ASSERT_TRUE(tiny.machine->respec(spec).has_value());
  const auto on = tiny.power_on();
  ASSERT_FALSE(on.has_value());
  EXPECT_EQ(on.error().code(), "qemu.missing");
  EXPECT_NE(on.error().advice().find("apt"), std::string::npos);
}

TEST_F(MachineTest, a_start_that_is_cancelled_leaves_no_process) {
  TinyMachine tiny(loop, dir.path());
  const auto on = loop.run(within(Budget(1ms, "a start"), tiny.machine->power_on()));
  ASSERT_FALSE(on.has_value());
  EXPECT_TRUE(loop.run_until([&] { return tiny.machine->pid() == 0; }, 10s));
  EXPECT_TRUE(tiny.boots());
}

TEST_F(MachineTest, two_machines_side_by_side_do_not_clash) {
  TinyMachine one(loop, dir.path() / "one"), two(loop, dir.path() / "two");
  for (auto* tiny : {&one, &two}) {
    auto spec = tiny->spec();
    spec.network.emplace();
    spec.network->forwards = {{.name = "ssh", .guest_port = 22}, {.name = "api", .guest_port = 80}};
    ASSERT_TRUE(tiny->machine->respec(spec).has_value());
  }
  ASSERT_TRUE(one.boots());
  ASSERT_TRUE(two.boots());
  EXPECT_NE(one.machine->port("ssh"), 0);
  EXPECT_NE(one.machine->port("ssh"), one.machine->port("api"));
  EXPECT_NE(one.machine->port("ssh"), two.machine->port("ssh"));
  ASSERT_TRUE(one.ask("i", "1"));
  ASSERT_TRUE(loop.run(one.machine->hard_off()).has_value());
  EXPECT_TRUE(two.ask("ii", "2"));
}

TEST_F(MachineTest, a_port_stays_the_same_over_a_power_cycle_unless_somebody_takes_it) {
  TinyMachine tiny(loop, dir.path());
  auto spec = tiny.spec();
  spec.network.emplace();
  spec.network->forwards = {{.name = "ssh", .guest_port = 22}};
  ASSERT_TRUE(tiny.machine->respec(spec).has_value());
  ASSERT_TRUE(tiny.boots());
  const auto port = tiny.machine->port("ssh");
  EXPECT_TRUE(loop.run(io::ByteStream::connect_tcp("127.0.0.1", port)).has_value());
  ASSERT_TRUE(loop.run(tiny.machine->hard_off()).has_value());
  ASSERT_TRUE(tiny.boots());
  EXPECT_EQ(tiny.machine->port("ssh"), port);
  ASSERT_TRUE(loop.run(tiny.machine->hard_off()).has_value());

  boost::asio::ip::tcp::acceptor thief(loop.io, {boost::asio::ip::make_address("127.0.0.1"), port});
  ASSERT_TRUE(tiny.boots());
  EXPECT_NE(tiny.machine->port("ssh"), port);
  EXPECT_NE(tiny.machine->port("ssh"), 0);
}

TEST_F(MachineTest, a_run_folder_too_long_for_a_socket_is_no_problem) {
  TinyMachine tiny(loop, dir.path() / std::string(150, 'x') / "a, folder with 'odd' letters");
  EXPECT_TRUE(tiny.boots());
}

TEST_F(MachineTest, the_base_image_is_never_touched) {
  TinyMachine tiny(loop, dir.path());
  const auto before = io::sha256_file(tiny.base).value();
  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(tiny.ask("wwi", "ww1"));
  ASSERT_TRUE(loop.run(tiny.machine->hard_off()).has_value());
  EXPECT_EQ(io::sha256_file(tiny.base).value(), before);
  EXPECT_GT(fs::file_size(tiny.folder / "disk.qcow2"), 256u * 1024);
  tiny.fresh_overlay();
  EXPECT_LT(fs::file_size(tiny.folder / "disk.qcow2"), 256u * 1024) << "a reset disk is empty";
  EXPECT_TRUE(tiny.boots());
}

TEST_F(MachineTest, a_snapshot_takes_memory_and_disk_back_in_the_running_process) {
  TinyMachine tiny(loop, dir.path());
  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(tiny.ask("ii", "2"));
  const auto saved = loop.run(tiny.machine->save("two"));
  ASSERT_TRUE(saved.has_value()) << saved.error().describe();
  ASSERT_TRUE(tiny.ask("iii", "5"));
  const auto loaded = loop.run(tiny.machine->load("two"));
  ASSERT_TRUE(loaded.has_value()) << loaded.error().describe();
  EXPECT_EQ(state_of(*tiny.machine), PowerState::on);
  ASSERT_TRUE(tiny.ask("i", "3"));
  EXPECT_NE(tiny.events.find("restored"), std::string::npos);

  ASSERT_TRUE(loop.run(tiny.machine->save("two")).has_value()) << "a name may be used again";
  ASSERT_TRUE(loop.run(tiny.machine->save("other")).has_value());
  const auto list = loop.run(tiny.machine->snapshots()).value();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].name, "two");
  EXPECT_GT(list[0].vm_state_bytes, 10'000u);
  EXPECT_EQ(list[0].when.size(), 20u);
  ASSERT_TRUE(loop.run(tiny.machine->remove("other")).has_value());
  EXPECT_EQ(loop.run(tiny.machine->snapshots()).value().size(), 1u);

  // A fresh process may start from it, in place of a boot.
  ASSERT_TRUE(tiny.ask("i", "4"));
  ASSERT_TRUE(loop.run(tiny.machine->hard_off()).has_value());
  const auto again = loop.run(tiny.machine->power_on_from("two"));
  ASSERT_TRUE(again.has_value()) << again.error().describe();
  EXPECT_TRUE(tiny.ask("i", "4"));
}

TEST_F(MachineTest, a_snapshot_that_does_not_exist_is_refused_and_the_machine_goes_on) {
  TinyMachine tiny(loop, dir.path());
  ASSERT_TRUE(tiny.boots());
  const auto loaded = loop.run(tiny.machine->load("nowhere"));
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code(), "machine.snapshot");
  EXPECT_NE(loaded.error().what().find("nowhere"), std::string::npos) << loaded.error().what();
  EXPECT_EQ(state_of(*tiny.machine), PowerState::on);
  EXPECT_TRUE(tiny.ask("i", "1"));
}

TEST_F(MachineTest, a_full_disk_of_the_host_stops_the_guest_and_is_a_bench_failure) {
  TinyMachine tiny(loop, dir.path());
  auto spec = tiny.spec();
  // ENOSPC (28) for the data writes of the guest, as a full host file system gives it.
  spec.disks.front().blockdev_json =
      nlohmann::json(
          {{"driver", "blkdebug"},
           {"image",
            {{"driver", "raw"}, {"file", {{"driver", "file"}, {"filename", tiny.base.string()}}}}},
           {"inject-error", {{{"event", "pwritev"}, {"errno", 28}, {"once", true}}}}})
          .dump();
  ASSERT_TRUE(tiny.machine->respec(spec).has_value());
  ASSERT_TRUE(tiny.boots());
  ASSERT_TRUE(tiny.ask("w", ""));
  const auto result = loop.run(tiny.machine->while_alive(never()));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "disk.full");
  EXPECT_EQ(result.error().blame(), Blame::bench);
  EXPECT_EQ(state_of(*tiny.machine), PowerState::stopped);
  ASSERT_TRUE(loop.run(tiny.machine->resume()).has_value()) << "space was made";
  EXPECT_TRUE(tiny.says("w", 0)) << "the write was kept and is done now";
  EXPECT_EQ(state_of(*tiny.machine), PowerState::on);
}

TEST_F(MachineTest, a_machine_that_is_destroyed_takes_its_process_along) {
  auto tiny = std::make_unique<TinyMachine>(loop, dir.path());
  ASSERT_TRUE(tiny->boots());
  const int pid = tiny->machine->pid();
  tiny.reset();
  EXPECT_TRUE(loop.run_until([&] { return !lives(pid); }, 5s));
}

TEST(OwnerKilled, leaves_no_qemu_and_no_socket_after_two_seconds) {
  const auto dir = io::TempDir::make("machine_test").value();
  const fs::path note = dir.path() / "note";
  const pid_t owner = ::fork();
  if (owner == 0) {
    test::Loop loop;
    auto guard = Guard::start(loop.nursery(), loop.executor()).value();
    TinyMachine tiny(loop, dir.path() / "run", guard.get());
    if (!tiny.boots()) ::_exit(1);
    std::string sockets;
    for (const auto& entry : fs::directory_iterator(tiny.folder))
      if (entry.is_directory()) sockets = entry.path().string();
    (void)io::write_file_atomic(note, fmt::format("{} {}", tiny.machine->pid(), sockets));
    for (;;) ::pause();
  }
  test::Loop loop;
  ASSERT_TRUE(loop.run_until([&] { return fs::exists(note); }, 60s));
  const std::string text = io::read_file(note).value();
  const int pid = std::stoi(text);
  const fs::path sockets = text.substr(text.find(' ') + 1);
  ASSERT_TRUE(lives(pid));
  ASSERT_TRUE(fs::exists(sockets / "qmp")) << sockets;
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(loop.run_until([&] { return !lives(pid) && !fs::exists(sockets); }, 2s));
}

}  // namespace
}  // namespace seatrial::qemu
