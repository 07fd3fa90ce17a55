// SPDX-License-Identifier: Apache-2.0
#include "core/io/process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "core/io/file.hpp"

namespace seatrial::io {
namespace {
using namespace std::chrono_literals;

const Budget kSoon(20s, "a child of the test");

Command sh(std::string script) { return cmd("sh").arg("-c").arg(std::move(script)); }

bool alive(int pid) { return ::kill(pid, 0) == 0; }

/// A killed orphan may stay a zombie until init reaps it; it must not be running.
bool runs(int pid) {
  const auto state = read_file("/proc/" + std::to_string(pid) + "/stat");
  return state && state->find(") Z ") == std::string::npos;
}

template <class T>
T run_task(boost::asio::io_context& io, Task<T> task) {
  auto done = boost::asio::co_spawn(io, std::move(task), boost::asio::use_future);
  io.restart();
  io.run();
  return done.get();
}

TEST(Process, collects_both_streams_and_the_exit_code) {
  auto result = run_blocking(sh("echo out; echo err >&2; exit 3"), kSoon);
  ASSERT_TRUE(result.has_value()) << result.error().describe();
  EXPECT_EQ(result->out, "out\n");
  EXPECT_EQ(result->err, "err\n");
  EXPECT_EQ(result->status.code, 3);
}

TEST(Process, feeds_input_larger_than_a_pipe) {
  auto command = cmd("wc").arg("-c");
  command.input.assign(1'000'000, 'x');
  EXPECT_EQ(run_blocking(command, kSoon).value().out, "1000000\n");
}

TEST(Process, output_beyond_the_limit_is_dropped_and_the_child_still_ends) {
  auto result = run_blocking(sh("head -c 1000000 /dev/zero"), kSoon, 1000);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->out.size(), 1000u);
  EXPECT_TRUE(result->status.ok());
}

TEST(Process, a_missing_program_is_named) {
  const auto result = run_blocking(cmd("no-such-program-at-all"), kSoon);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "program.missing");
}

TEST(Process, an_interruption_ends_the_whole_group_and_is_told) {
  const auto dir = TempDir::make("process_test").value();
  const auto pidfile = dir.path() / "pid";
  // The grandchild ignores what the polite end would do.
  const auto result = run_blocking(sh("trap '' TERM; sleep 100 & echo $! > " + pidfile.string() +
                                      "; kill -INT $PPID; wait; wait"),
                                   kSoon);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "cancelled");
  EXPECT_EQ(result.error().blame(), Blame::cancelled);
  const int pid = std::stoi(read_file(pidfile).value());
  for (int i = 0; i < 100 && runs(pid); ++i) ::poll(nullptr, 0, 20);
  EXPECT_FALSE(runs(pid));
}

TEST(Process, an_interruption_lets_a_child_clean_up) {
  const auto dir = TempDir::make("process_test").value();
  const auto mark = dir.path() / "cleaned";
  const auto result = run_blocking(sh("trap 'echo yes > " + mark.string() +
                                      "; exit' TERM; kill -INT $PPID; while :; do :; done"),
                                   kSoon);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(read_file(mark).value_or("no"), "yes\n");
}

TEST(Process, a_budget_kills_the_whole_group) {
  const auto dir = TempDir::make("process_test").value();
  const auto pidfile = dir.path() / "pid";
  auto command = sh("sleep 1000 & echo $! > " + pidfile.string() + "; wait");
  const auto result = run_blocking(command, Budget(300ms, "a sleeper"));
  ASSERT_FALSE(result.has_value());
  const int grandchild = std::stoi(read_file(pidfile).value());
  for (int i = 0; i < 200 && alive(grandchild); ++i) (void)run_blocking(cmd("true"), kSoon);
  // A killed orphan may stay a zombie until init reaps it; it must not be running.
  const auto state = read_file("/proc/" + std::to_string(grandchild) + "/stat");
  EXPECT_TRUE(!state || state->find(") Z ") != std::string::npos) << *state;
}

TEST(Process, stop_uses_force_on_a_child_that_ignores_sigterm) {
  boost::asio::io_context io;
  const auto dir = TempDir::make("process_test").value();
  const auto ready = dir.path() / "ready";
  auto process = Process::start(io.get_executor(), sh("trap '' TERM; touch " + ready.string() +
                                                      "; while :; do sleep 1; done"));
  ASSERT_TRUE(process.has_value()) << process.error().describe();
  while (!fs::exists(ready)) (void)run_blocking(cmd("true"), kSoon);
  EXPECT_EQ(run_task(io, process->stop(50ms)).signal, SIGKILL);
  EXPECT_FALSE(process->running());
}

TEST(Process, run_checked_carries_the_message_of_the_program) {
  const auto result = run_checked(sh("echo it is broken >&2; exit 1"), kSoon, "x.y", Blame::bench);
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().what().find("it is broken"), std::string::npos);
}

TEST(Process, environment_and_folder_are_as_asked) {
  auto command = sh("echo $SEATRIAL_X; pwd; echo ${HOME-unset}").with_env("SEATRIAL_X", "yes");
  command.cwd = "/";
  command.unset.push_back("HOME");
  EXPECT_EQ(run_blocking(command, kSoon).value().out, "yes\n/\nunset\n");
}

}  // namespace
}  // namespace seatrial::io
