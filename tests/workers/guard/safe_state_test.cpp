// SPDX-License-Identifier: Apache-2.0
// The commands of the safe state: run by a real guard, after its owner is gone.
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "tests/workers/guard/orphans.hpp"
#include "workers/guard/protocol.hpp"

namespace seatrial {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct SafeState : GuardTest {
  const std::string out = (dir.path() / "out").string();

  static std::vector<std::string> shell(std::string script) { return {"sh", "-c", script}; }
  std::vector<std::string> writes(const std::string& word) const {
    return shell("echo " + word + " >> " + out);
  }
  std::string written() const { return io::read_file(out).value_or(""); }
  std::string log() const { return io::read_file(dir.path() / "log").value_or(""); }

  /// The owner's end closes without a word, as when it is killed; waits for the end of the guard.
  void owner_gone() {
    const int pid = guard->pid();
    guard.reset();
    EXPECT_TRUE(loop.run_until([&] { return !lives(pid); }, 30s));
  }
};

TEST_F(SafeState, is_reached_by_the_commands_in_their_order) {
  for (const char* word : {"off", "mux", "lamp"}) guard->at_end(word, writes(word), 20s);
  owner_gone();
  EXPECT_EQ(written(), "off\nmux\nlamp\n");
  EXPECT_NE(log().find("guard: safe state off: sh with 2 arguments: exit code 0 after"),
            std::string::npos)
      << log();
  EXPECT_NE(log().find("ran 3 commands of the safe state"), std::string::npos) << log();
}

TEST_F(SafeState, nothing_runs_after_done) {
  guard->at_end("off", writes("off"), 20s);
  const int pid = guard->pid();
  finish();
  EXPECT_FALSE(lives(pid));
  EXPECT_EQ(written(), "");
}

TEST_F(SafeState, arguments_arrive_as_they_were_given) {
  guard->at_end("an id with blanks\nand a line",
                {"sh", "-c", "printf '<%s>' \"$@\" > " + out, "sh", "a b", "", "c\nd\te", "100%",
                 "%41", " ", "ü", "\x7f"},
                20s);
  owner_gone();
  EXPECT_EQ(written(), "<a b><><c\nd\te><100%><%41>< ><ü><\x7f>");
}

TEST_F(SafeState, what_hangs_is_killed_with_its_children_and_the_next_one_runs) {
  const fs::path pidfile = dir.path() / "pid";
  guard->at_end(
      "hangs", shell("trap '' TERM; sleep 1000 & echo $! > " + pidfile.string() + "; wait"), 500ms);
  guard->at_end("off", writes("off"), 20s);
  owner_gone();
  EXPECT_EQ(written(), "off\n");
  EXPECT_FALSE(lives(std::stoi(io::read_file(pidfile).value_or("0"))));
  EXPECT_NE(log().find("safe state hangs: sh with 2 arguments: it hung and was killed"),
            std::string::npos)
      << log();
}

TEST_F(SafeState, what_fails_or_is_missing_is_logged_and_the_next_one_runs) {
  guard->at_end("fails", shell("echo no relay here >&2; exit 4"), 20s);
  guard->at_end("missing", {"/nonexistent/relay", "off"}, 20s);
  guard->at_end("off", writes("off"), 20s);
  owner_gone();
  EXPECT_EQ(written(), "off\n");
  for (const char* text : {"no relay here\n", "state fails: sh with 2 arguments: exit code 4",
                           "cannot run /nonexistent/relay: No such file",
                           "state missing: /nonexistent/relay with 1 arguments: exit code 127"})
    EXPECT_NE(log().find(text), std::string::npos) << text << "\n" << log();
}

TEST_F(SafeState, arguments_are_not_logged) {
  guard->at_end("off", {"true", "--password", "hunter2hunter2"}, 20s);
  owner_gone();
  EXPECT_NE(log().find("safe state off"), std::string::npos);
  EXPECT_EQ(log().find("hunter2"), std::string::npos) << log();
}

TEST_F(SafeState, commands_have_no_input_and_signals_work_in_them) {
  // The guard itself ignores SIGTERM, SIGPIPE and others: that must not be inherited.
  guard->at_end("input", shell("read word || echo none >> " + out), 20s);
  guard->at_end("signal", shell("kill -TERM $$; echo survived >> " + out), 20s);
  owner_gone();
  EXPECT_EQ(written(), "none\n");
  EXPECT_NE(log().find("killed by signal 15"), std::string::npos) << log();
}

TEST_F(SafeState, a_command_is_forgotten_or_replaced_by_its_name) {
  guard->at_end("off", writes("old"), 20s);
  guard->at_end("mux two", writes("mux"), 20s);
  guard->at_end("lamp", writes("lamp"), 20s);
  guard->at_end("off", writes("new"), 20s);
  guard->forget("mux two");
  guard->forget("never known");
  owner_gone();
  EXPECT_EQ(written(), "new\nlamp\n") << "a command that is told anew keeps its turn";
}

TEST_F(SafeState, a_guard_that_is_started_again_is_told_everything) {
  guard->at_end("off", writes("off"), 20s);
  guard->at_end("mux", writes("mux"), 20s);
  guard->at_end("gone", writes("gone"), 20s);
  guard->forget("gone");
  const int first = guard->pid();
  ::kill(first, SIGKILL);
  ASSERT_TRUE(loop.run_until([&] { return guard->restarts() == 1 && guard->pid() != first; }, 20s));
  EXPECT_EQ(written(), "") << "a killed guard is no reason to end the run";
  owner_gone();
  EXPECT_EQ(written(), "off\nmux\n");
}

TEST_F(SafeState, a_guard_that_was_killed_at_the_end_is_replaced_for_it) {
  guard->at_end("off", writes("off"), 20s);
  ::kill(guard->pid(), SIGKILL);
  ::waitid(P_PID, static_cast<id_t>(guard->pid()), nullptr, WEXITED | WNOWAIT);
  guard.reset();
  EXPECT_TRUE(loop.run_until([&] { return written() == "off\n"; }, 20s));
}

TEST_F(SafeState, what_cannot_be_registered_is_left_out) {
  guard->at_end("", writes("nameless"), 20s);
  guard->at_end("empty", {}, 20s);
  guard->at_end("no time", writes("no time"), 0s);
  guard->at_end("long", {"true", std::string(guard::kLongestLine, 'x')}, 20s);
  for (std::size_t i = 0; i < guard::kMostCommands + 5; ++i)
    guard->at_end("n" + std::to_string(i), {"true"}, 20s);
  owner_gone();
  EXPECT_EQ(written(), "");
  EXPECT_NE(log().find("ran " + std::to_string(guard::kMostCommands) + " commands"),
            std::string::npos)
      << log();
}

/// What a guard does that is told `lines` and whose owner is gone then.
void tell(std::string lines, const fs::path& log) {
  auto command = io::cmd(io::own_program("seatrial-guard").value().string()).arg(log.string());
  command.input = std::move(lines);
  const auto output = io::run_blocking(command, Budget(30s, "a guard"));
  ASSERT_TRUE(output.has_value()) << output.error().describe();
  EXPECT_TRUE(output->status.ok());
}

TEST(GuardLines, malformed_commands_are_ignored) {
  const auto dir = io::TempDir::make("guard_test").value();
  tell(
      "safe\nsafe x\nsafe x 1\nsafe x 1 \nsafe  1 true\nsafe x nan true\nsafe x 0 true\n"
      "safe x -1 true\nsafe x 1e true\nsafe x 1 tr%zzue\nsafe x 1 true%0\nsafe x 1 true %00\n"
      "safe good 5 tr%75e\nunsafe %zz\n",
      dir.path() / "log");
  const auto log = io::read_file(dir.path() / "log").value_or("");
  EXPECT_NE(log.find("safe state good: true with 0 arguments: exit code 0"), std::string::npos);
  EXPECT_NE(log.find("ran 1 commands"), std::string::npos) << log;
}

TEST(GuardLines, the_end_of_a_line_that_is_too_long_is_no_line) {
  const auto dir = io::TempDir::make("guard_test").value();
  const auto kept = dir.path() / "kept", gone = dir.path() / "gone";
  for (const auto& file : {kept, gone}) ASSERT_TRUE(io::write_file_atomic(file, "x").has_value());
  // It is read in pieces of 4 KiB: wherever it is given up, what follows begins with a verb.
  for (std::size_t pieces = 7; pieces < 11; ++pieces)
    tell(std::string(4096 * pieces, 'x') + "unlink " + kept.string() + "\nunlink " + gone.string() +
             "\n",
         "");
  EXPECT_TRUE(fs::exists(kept));
  EXPECT_FALSE(fs::exists(gone));
}

TEST(OwnerKilled, the_bench_is_made_safe_after_its_processes_are_gone) {
  // A real owner in a process of its own: it registers a sleeper and a command, and is killed.
  const auto dir = io::TempDir::make("guard_test").value();
  const fs::path pidfile = dir.path() / "pid", out = dir.path() / "out";
  const pid_t owner = ::fork();
  if (owner == 0) {
    test::Loop loop;
    auto guard = Guard::start(loop.nursery(), loop.executor(), dir.path() / "log").value();
    auto child = start_orphan(loop, "trap '' TERM; sleep 1000");
    (void)guard->add(child.pid());
    const auto stat = fmt::format("/proc/{}/stat", child.pid());
    guard->at_end("power",
                  {"sh", "-c",
                   fmt::format("if [ -e {0} ] && ! grep -q ') Z ' {0}; then echo runs; else echo "
                               "gone; fi > {1}.part; mv {1}.part {1}",
                               stat, out.string())},
                  20s);
    (void)io::write_file_atomic(pidfile, std::to_string(child.pid()));
    for (;;) ::pause();
  }
  test::Loop loop;
  ASSERT_TRUE(loop.run_until([&] { return fs::exists(pidfile); }, 30s));
  const int child = std::stoi(io::read_file(pidfile).value());
  ASSERT_TRUE(lives(child));
  EXPECT_FALSE(fs::exists(out));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(loop.run_until([&] { return fs::exists(out); }, 20s));
  EXPECT_EQ(io::read_file(out).value_or(""), "gone\n");
  EXPECT_FALSE(lives(child));
}

TEST(OwnerKilled, what_the_guard_holds_is_free_when_all_is_cleaned_up) {
  const auto dir = io::TempDir::make("guard_test").value();
  const fs::path ready = dir.path() / "ready", began = dir.path() / "began", go = dir.path() / "go",
                 gone = dir.path() / "gone", lock = dir.path() / "lock";
  ASSERT_TRUE(io::write_file_atomic(gone, "x").has_value());
  const pid_t owner = ::fork();
  if (owner == 0) {
    test::Loop loop;
    const io::UniqueFd held(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (::flock(held.get(), LOCK_EX) != 0) ::_exit(1);
    auto guard = Guard::start(loop.nursery(), loop.executor(), dir.path() / "log", held.get());
    guard.value()->unlink_at_end(gone);
    guard.value()->at_end("power",
                          {"sh", "-c",
                           fmt::format("echo > {}; until [ -e {} ]; do sleep 0.01; done",
                                       began.string(), go.string())},
                          20s);
    (void)io::write_file_atomic(ready, "x");
    for (;;) ::pause();
  }
  test::Loop loop;
  ASSERT_TRUE(loop.run_until([&] { return fs::exists(ready); }, 30s));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  ASSERT_TRUE(loop.run_until([&] { return fs::exists(began); }, 20s));
  EXPECT_FALSE(io::FileLock::acquire(lock, 0s, "a look").has_value());
  EXPECT_TRUE(fs::exists(gone));
  ASSERT_TRUE(io::write_file_atomic(go, "x").has_value());
  EXPECT_TRUE(io::FileLock::acquire(lock, 20s, "the guard").has_value());
  EXPECT_FALSE(fs::exists(gone));
}

}  // namespace
}  // namespace seatrial
