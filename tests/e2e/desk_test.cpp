// SPDX-License-Identifier: Apache-2.0
// A bench at the desk as a person uses it: power, console, shell, and its bad days. One boot.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_future.hpp>

#include "tests/e2e/product.hpp"

namespace seatrial::e2e {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

class Desk : public testing::Test {
 protected:
  Desk() : dir_(io::TempDir::make("desk").value()), out_(dir_.path() / "run") {}
  ~Desk() override { (void)go({"power", "off"}); }  // also after a failed assertion

  /// The words with this test's own desk: another one of the same user is left alone.
  std::vector<std::string> words(std::vector<std::string> verb) const {
    const auto dashes = std::find(verb.begin(), verb.end(), "--");
    const std::string more[] = {"--desk", "e2e-" + std::to_string(::getpid())};
    verb.insert(dashes, std::begin(more), std::end(more));
    return verb;
  }
  io::Output go(std::vector<std::string> verb, std::string input = {}) {
    auto command = seatrial(words(std::move(verb)));
    command.input = std::move(input);
    auto output = io::run_blocking(std::move(command), Budget(5min, "seatrial"));
    EXPECT_TRUE(output.has_value()) << output.error().describe();
    return output ? *output : io::Output{};
  }
  std::string state() {
    const auto status = json::parse(go({"power", "status", "--json"}).out, nullptr, false);
    return status.is_object() ? status.value("state", "?") : "no answer";
  }
  /// The process of this desk bench whose command line has `word`.
  int pid_of(const std::string& word) const {
    for (const auto& line : left_over(out_.string()))
      if (line.find(word) != std::string::npos) return std::atoi(line.c_str());
    return 0;
  }
  Result<io::Output> console_while(int pid);
  std::vector<std::string> remains() const {
    auto found = left_over(out_.string());
    for (int i = 0; i < 100 && !found.empty(); ++i, found = left_over(out_.string()))
      ::poll(nullptr, 0, 100);
    return found;
  }

  io::TempDir dir_;
  fs::path out_;
};

Task<Result<>> until_shown(fs::path file, std::string text) {
  for (;;) {
    if (const auto seen = io::read_file(file); seen && seen->find(text) != std::string::npos)
      co_return Result<>();
    co_await pause(100ms);
  }
}

/// A console that is attached while the process `pid` is killed: how it ends, and what it said.
Task<Result<io::Output>> attached_while(io::Command command, fs::path folder, int pid) {
  auto executor = co_await boost::asio::this_coro::executor;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) co_return io::file_failure("open", "a pipe", errno);
  const io::UniqueFd read(ends[0]), write(ends[1]);  // open: its input has no end
  command.stdin_fd = read.get();
  command.stdout_file = folder / "console.out";
  command.stderr_file = folder / "console.err";
  CO_TRY(auto process, io::Process::start(executor, std::move(command)));
  Budget attached(1min, "the console to be attached");
  auto shown = until_shown(folder / "console.err", "attached");
  CO_CHECK_OK(co_await within(std::move(attached), std::move(shown)));
  ::kill(pid, SIGKILL);
  Budget ended(1min, "the console to end");
  io::Output output;
  CO_TRY(output.status, co_await within(std::move(ended), process.wait()));
  CO_TRY(output.err, io::read_file(folder / "console.err"));
  co_return output;
}

Result<io::Output> Desk::console_while(int pid) {
  const auto folder = dir_.path() / std::to_string(pid);
  fs::create_directory(folder);
  boost::asio::io_context context;
  auto task = attached_while(seatrial(words({"console"})), folder, pid);
  auto done = boost::asio::co_spawn(context, std::move(task), boost::asio::use_future);
  context.run();
  return done.get();
}

TEST_F(Desk, has_a_device_that_stays_with_a_console_and_a_shell_until_it_is_switched_off) {
  EXPECT_EQ(state(), "none");
  const auto on = go({"power", "on", "--out", out_.string()});
  ASSERT_EQ(on.status.code, 0) << on.err;
  EXPECT_NE(on.out.find("on: qemu-amd64 with refos-1.0.0"), std::string::npos) << on.out;
  EXPECT_EQ(state(), "on");
  const auto again = go({"power", "on"});
  EXPECT_EQ(again.status.code, 3);
  EXPECT_NE(again.err.find("on already"), std::string::npos) << again.err;

  const auto shell = go({"shell", "--", "cat; echo trouble >&2; exit 7"}, std::string("a\0b\n", 4));
  EXPECT_EQ(shell.status.code, 7) << shell.err;
  EXPECT_EQ(shell.out, std::string("a\0b\n", 4));
  EXPECT_NE(shell.err.find("trouble"), std::string::npos) << shell.err;
  EXPECT_EQ(go({"shell", "--", "printf", "%s|", "a b", "*"}).out, "a b|*|");
  EXPECT_EQ(go({"shell", "--", "exit 255"}).status.code, 255);

  const auto console = go({"console", "--backlog", "0"}, "root\necho $((6*7))-seen\n");
  EXPECT_EQ(console.status.code, 0) << console.err;
  EXPECT_NE(console.out.find("42-seen"), std::string::npos) << console.out;
  EXPECT_NE(io::read_file(out_ / "console.log")->find("42-seen"), std::string::npos);

  // QEMU dies under an attached console: that says it; the desk bench goes on with its disk.
  const auto died = console_while(pid_of("qemu-system"));
  ASSERT_TRUE(died.has_value()) << died.error().describe();
  EXPECT_EQ(died->status.code, 3) << died->err;
  EXPECT_NE(died->err.find("QEMU ended by itself"), std::string::npos) << died->err;
  EXPECT_EQ(state(), "off");
  EXPECT_EQ(go({"shell", "--", "true"}).status.code, 3);
  EXPECT_EQ(go({"power", "on"}).status.code, 0);
  EXPECT_EQ(go({"power", "cycle"}).status.code, 0);
  EXPECT_EQ(state(), "on");

  const auto off = go({"power", "off"});
  EXPECT_EQ(off.status.code, 0) << off.err;
  EXPECT_EQ(state(), "none");
  EXPECT_TRUE(left_over(out_.string()).empty()) << left_over(out_.string()).front();
  EXPECT_EQ(go({"power", "off"}).status.code, 0);
  const auto log = model::read_event_log(out_ / "events.jsonl");
  ASSERT_TRUE(log.has_value()) << log.error().describe();
  EXPECT_EQ(log->events.back().kind, "run_finished");
  EXPECT_FALSE(log->events.back().failure().has_value());
}

TEST_F(Desk, whose_bench_host_is_killed_says_so_once_and_leaves_nothing) {
  ASSERT_EQ(go({"power", "on", "--out", out_.string()}).status.code, 0);
  const auto gone = console_while(pid_of("seatrial-bench"));
  ASSERT_TRUE(gone.has_value()) << gone.error().describe();
  EXPECT_EQ(gone->status.code, 3) << gone->err;
  const auto next = go({"power", "status"});
  EXPECT_EQ(next.status.code, 3);
  EXPECT_NE(next.err.find("was killed"), std::string::npos) << next.err;
  EXPECT_TRUE(remains().empty()) << remains().front();
  EXPECT_EQ(state(), "none");
  EXPECT_TRUE(fs::exists(out_ / "console.log"));
}

TEST_F(Desk, keeps_the_device_of_a_case_that_failed_when_asked_to) {
  // No device boots in a tenth of the product's budget.
  const auto red = go({"run", "smoke.os_release_and_slug", "--budget-scale", "0.1",
                       "--hold-on-fail", "--out", out_.string()});
  EXPECT_NE(red.status.code, 0) << red.out;
  EXPECT_NE(red.err.find("held for you"), std::string::npos) << red.err;
  const auto status = json::parse(go({"power", "status", "--json"}).out, nullptr, false);
  ASSERT_TRUE(status.is_object());
  EXPECT_EQ(status.value("state", ""), "on");
  EXPECT_EQ(status.value("held", ""), "smoke.os_release_and_slug");
  EXPECT_EQ(go({"console", "--backlog", "1"}).status.code, 0);
  EXPECT_EQ(go({"power", "off"}).status.code, 0);
  EXPECT_EQ(state(), "none");
  EXPECT_TRUE(remains().empty()) << remains().front();
}

}  // namespace
}  // namespace seatrial::e2e
