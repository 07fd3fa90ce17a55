// SPDX-License-Identifier: Apache-2.0
#include "workers/guard/guard.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/workers/guard/orphans.hpp"

namespace seatrial {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST_F(GuardTest, kills_groups_and_removes_files_when_its_owner_is_gone) {
  auto child = start_orphan(loop, "trap '' TERM INT HUP; sleep 1000 & echo $! > " +
                                      (dir.path() / "pid").string() + "; wait");
  ASSERT_TRUE(loop.run_until(
      [&] { return fs::exists(dir.path() / "pid") && fs::file_size(dir.path() / "pid") > 0; },
      10s));
  const int grandchild = std::stoi(io::read_file(dir.path() / "pid").value());
  ASSERT_TRUE(guard->add(child.pid()).has_value());
  const fs::path file = dir.path() / "file", folder = dir.path() / "folder";
  ASSERT_TRUE(io::write_file_atomic(file, "x").has_value());
  fs::create_directories(folder / "below");
  ASSERT_TRUE(io::write_file_atomic(folder / "a socket", "x").has_value());
  guard->unlink_at_end(file);
  guard->rmdir_at_end(folder);

  guard.reset();  // the socket closes without a word: as if we were killed
  EXPECT_TRUE(loop.run_until([&] { return !lives(child.pid()) && !lives(grandchild); }, 5s));
  EXPECT_TRUE(loop.run_until([&] { return !fs::exists(file); }, 5s));
  EXPECT_TRUE(loop.run_until([&] { return !fs::exists(folder / "a socket"); }, 5s));
  EXPECT_TRUE(fs::exists(folder / "below")) << "the guard must never remove recursively";
  EXPECT_TRUE(loop.run_until(
      [&] { return fs::exists(dir.path() / "log") && fs::file_size(dir.path() / "log"); }, 5s));
}

TEST_F(GuardTest, kills_members_whose_leader_is_dead_already) {
  // QEMU gets SIGKILL from the kernel when its parent dies; its helpers do not.
  auto child =
      start_orphan(loop, "sleep 1000 & echo $! > " + (dir.path() / "pid").string() + "; wait");
  ASSERT_TRUE(loop.run_until(
      [&] { return fs::exists(dir.path() / "pid") && fs::file_size(dir.path() / "pid") > 0; },
      10s));
  const int grandchild = std::stoi(io::read_file(dir.path() / "pid").value());
  ASSERT_TRUE(guard->add(child.pid()).has_value());
  ::kill(child.pid(), SIGKILL);
  ASSERT_TRUE(loop.run_until([&] { return !child.running(); }, 5s));  // reaped: no /proc entry
  ASSERT_TRUE(lives(grandchild));
  guard.reset();
  EXPECT_TRUE(loop.run_until([&] { return !lives(grandchild); }, 5s));
}

TEST_F(GuardTest, leaves_everything_alone_after_done) {
  auto child = start_orphan(loop, "sleep 1000");
  ASSERT_TRUE(guard->add(child.pid()).has_value());
  const int pid = guard->pid();
  finish();
  EXPECT_FALSE(lives(pid));
  EXPECT_TRUE(lives(child.pid()));
}

TEST_F(GuardTest, does_not_touch_what_was_taken_off_the_list) {
  auto child = start_orphan(loop, "sleep 1000");
  auto other = start_orphan(loop, "sleep 1000");
  const fs::path file = dir.path() / "kept";
  ASSERT_TRUE(io::write_file_atomic(file, "x").has_value());
  ASSERT_TRUE(guard->add(child.pid()).has_value());
  ASSERT_TRUE(guard->add(other.pid()).has_value());
  guard->unlink_at_end(file);
  guard->keep(file);
  guard->del(child.pid());
  guard.reset();
  EXPECT_TRUE(loop.run_until([&] { return !lives(other.pid()); }, 5s));
  EXPECT_TRUE(lives(child.pid()));
  EXPECT_TRUE(fs::exists(file));
}

TEST_F(GuardTest, ignores_the_polite_signals) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
    ASSERT_EQ(::kill(guard->pid(), signal), 0);
  auto child = start_orphan(loop, "sleep 1000");
  ASSERT_TRUE(guard->add(child.pid()).has_value());
  EXPECT_EQ(guard->restarts(), 0u);
  guard.reset();
  EXPECT_TRUE(loop.run_until([&] { return !lives(child.pid()); }, 5s));
}

TEST_F(GuardTest, is_started_again_when_killed_and_knows_everything) {
  auto child = start_orphan(loop, "sleep 1000");
  ASSERT_TRUE(guard->add(child.pid()).has_value());
  const int first = guard->pid();
  ::kill(first, SIGKILL);
  ASSERT_TRUE(loop.run_until([&] { return guard->restarts() == 1 && guard->pid() != first; }, 5s));
  EXPECT_TRUE(lives(child.pid())) << "a killed guard is no reason to end the run";
  guard.reset();
  EXPECT_TRUE(loop.run_until([&] { return !lives(child.pid()); }, 5s));
}

TEST_F(GuardTest, a_recycled_pid_is_not_ours) {
  auto child = start_orphan(loop, "sleep 1000");
  const auto program = io::own_program("seatrial-guard").value();
  auto command = io::cmd(program.string());
  command.input =
      fmt::format("add {} 12345\nnonsense\nadd -1 5\nadd 1 1\nrmdir relative\n", child.pid());
  const auto output = io::run_blocking(command, Budget(20s, "a guard"));
  ASSERT_TRUE(output.has_value()) << output.error().describe();
  EXPECT_TRUE(output->status.ok());
  EXPECT_TRUE(lives(child.pid()));
}

TEST_F(GuardTest, a_process_that_does_not_run_cannot_be_registered) {
  const auto added = guard->add(0x3ffffff);
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().code(), "process.gone");
}

TEST(OwnerKilled, nothing_is_left_within_two_seconds) {
  // A real owner in a process of its own: it registers a sleeper and is killed with SIGKILL.
  const auto dir = io::TempDir::make("guard_test").value();
  const fs::path pidfile = dir.path() / "pid", folder = dir.path() / "sockets";
  fs::create_directory(folder);
  const pid_t owner = ::fork();
  if (owner == 0) {
    test::Loop loop;
    auto guard = Guard::start(loop.nursery(), loop.executor()).value();
    auto child = start_orphan(loop, "trap '' TERM; sleep 1000");
    (void)guard->add(child.pid());
    guard->rmdir_at_end(folder);
    (void)io::write_file_atomic(pidfile, std::to_string(child.pid()));
    for (;;) ::pause();
  }
  test::Loop loop;
  ASSERT_TRUE(loop.run_until([&] { return fs::exists(pidfile); }, 20s));
  const int child = std::stoi(io::read_file(pidfile).value());
  ASSERT_TRUE(lives(child));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(loop.run_until([&] { return !lives(child) && !fs::exists(folder); }, 2s));
}

}  // namespace
}  // namespace seatrial
