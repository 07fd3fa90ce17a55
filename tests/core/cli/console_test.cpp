// SPDX-License-Identifier: Apache-2.0
// The console between a terminal, or a pipe, and a bench that a test plays.
#include "core/cli/desk/console.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "core/cli/desk/input.hpp"
#include "core/cli/desk/keys.hpp"
#include "core/cli/desk/raw_terminal.hpp"
#include "tests/core/cli/pty.hpp"
#include "tests/workers/bench/live_session.hpp"

namespace seatrial::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using namespace std::chrono_literals;
using bench::Stream;
using bench::StreamItem;
using nlohmann::json;

/// A device that shows a banner and answers each line with itself in capitals.
struct Device {
  std::string typed;
  std::optional<Failure> dies;  ///< at the key '!'
};

Task<Result<json>> play(Device* device, std::shared_ptr<Stream> stream) {
  stream->tell("attached", json{{"viewers", 1}, {"power", "on"}});
  std::string banner = "banner\r\n";
  CO_CHECK_OK(co_await stream->send(std::move(banner)));
  for (;;) {
    CO_TRY(auto item, co_await stream->receive());
    if (item.kind != StreamItem::Kind::bytes) {
      co_await pause(1h);
      continue;
    }
    device->typed += item.bytes;
    if (item.bytes.find('!') != std::string::npos && device->dies) co_return *device->dies;
    for (char& c : item.bytes) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    CO_CHECK_OK(co_await stream->send(std::move(item.bytes)));
  }
}

Task<Result<json>> answer(std::string verb, json arguments) {
  json value = json::object();
  if (verb == "bench.info")
    value = {{"device",
              {{"console", {{"login_prompt", "login: $"}}}, {"budgets", {{"boot_to_login", 2}}}}},
             {"budget_scale", 1}};
  if (verb == "boot.current") value = {{"boot", {{"console_offset", 12}}}};
  if (verb == "console.expect") {
    EXPECT_EQ(arguments.value("from", 0), 12);
    value = {{"index", 0},  {"text", ""}, {"groups", json::array()},
             {"offset", 0}, {"end", 0},   {"at", 0}};
  }
  co_return value;
}

Task<Result<>> watch(ClientPtr client, ConsoleOptions options, std::optional<Result<int>>* ended) {
  auto result = co_await watch_console(std::move(client), options);
  ended->emplace(std::move(result));
  co_return Result<>();
}

class ConsoleTest : public testing::Test {
 protected:
  void start(int in, int out) {
    bench.on_stream = [this](std::shared_ptr<Stream> stream) {
      return play(&device, std::move(stream));
    };
    bench.on_call = answer;
    ConsoleOptions options;
    options.leave_key = kLeaveKey;
    options.in = in;
    options.out = out;
    options.linger = 0.1;
    options.notices = Terminal::none();
    loop.nursery().start("console", watch(bench.client(), options, &ended));
  }
  bool sees(const std::string& text) {
    return loop.run_until([&] { return pty.screen().find(text) != std::string::npos; }, 5s);
  }
  bool ends() {
    return loop.run_until([&] { return ended.has_value(); }, 10s);
  }

  test::Loop loop;
  Device device;
  bench::LiveSession bench{loop};
  Pty pty;
  std::optional<Result<int>> ended;
};

TEST_F(ConsoleTest, carries_every_key_but_the_one_that_leaves_and_puts_the_terminal_back) {
  start(pty.program.get(), pty.program.get());
  ASSERT_TRUE(sees("banner"));
  EXPECT_TRUE(pty.is_raw());
  pty.type("ls\r\x03\x1a\x04");
  EXPECT_TRUE(sees("LS\r\x03\x1a\x04"));
  pty.type(std::string("x\x1dy"));
  ASSERT_TRUE(ends());
  EXPECT_EQ(ended->value(), 0);
  EXPECT_FALSE(pty.is_raw());
  EXPECT_TRUE(loop.run_until([&] { return device.typed.size() == 7; }, 5s));
  EXPECT_EQ(device.typed, "ls\r\x03\x1a\x04x");
}

TEST_F(ConsoleTest, ends_with_the_failure_of_the_bench_and_puts_the_terminal_back) {
  device.dies = Failure("qemu.died", Blame::bench, "QEMU ended by itself", "find out why");
  start(pty.program.get(), pty.program.get());
  ASSERT_TRUE(sees("banner"));
  pty.type("!");
  ASSERT_TRUE(ends());
  EXPECT_EQ(ended->error().code(), "qemu.died");
  EXPECT_FALSE(pty.is_raw());
}

TEST_F(ConsoleTest, ends_well_when_the_desk_bench_is_ended_by_somebody) {
  start(pty.program.get(), pty.program.get());
  ASSERT_TRUE(sees("banner"));
  for (auto* session : bench.sessions)
    session->abort(Failure("desk.ended", Blame::cancelled, "it was ended", "start another"));
  ASSERT_TRUE(ends());
  EXPECT_EQ(ended->value(), 0);
  EXPECT_FALSE(pty.is_raw());
}

TEST_F(ConsoleTest, ends_when_its_terminal_hangs_up) {
  start(pty.program.get(), pty.program.get());
  ASSERT_TRUE(sees("banner"));
  pty.person.reset();
  ASSERT_TRUE(ends());
  EXPECT_EQ(ended->value(), 0);
}

TEST_F(ConsoleTest, types_what_a_pipe_feeds_and_leaves_when_it_is_quiet) {
  int in[2];
  ASSERT_EQ(::pipe(in), 0);
  const io::UniqueFd read(in[0]);
  io::UniqueFd write(in[1]);
  start(read.get(), pty.program.get());
  ASSERT_TRUE(sees("banner"));
  EXPECT_EQ(::write(write.get(), "one\ntwo\nthree", 13), 13);
  write.reset();
  ASSERT_TRUE(ends());
  EXPECT_EQ(ended->value(), 0);
  EXPECT_EQ(device.typed, "one\ntwo\nthree");
  EXPECT_THAT(pty.screen(), EndsWith("ONE\r\nTWO\r\nTHREE"));
}

TEST_F(ConsoleTest, leaves_at_once_when_nobody_reads_it) {
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  const io::UniqueFd write(out[1]);
  io::UniqueFd(out[0]).reset();
  std::signal(SIGPIPE, SIG_IGN);
  start(pty.program.get(), write.get());
  ASSERT_TRUE(ends());
  EXPECT_EQ(ended->value(), 0);
}

TEST(Input, leaves_the_flags_of_what_it_reads_as_they_are) {
  test::Loop loop;
  Pty pty;
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const io::UniqueFd read(pipe[0]), write(pipe[1]);
  for (const auto& [fd, from] :
       {std::pair{read.get(), write.get()}, std::pair{pty.program.get(), pty.person.get()}}) {
    Input input(loop.executor(), fd);
    EXPECT_EQ(::write(from, "x\n", 2), 2);
    EXPECT_EQ(loop.run(input.read()), "x\n");
    EXPECT_EQ(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST(Input, reads_a_file_to_its_end) {
  test::Loop loop;
  const auto folder = io::TempDir::make("input").value();
  ASSERT_TRUE(io::write_file_atomic(folder.path() / "f", "commands\n"));
  const io::UniqueFd file(::open((folder.path() / "f").c_str(), O_RDONLY));
  Input input(loop.executor(), file.get());
  EXPECT_EQ(loop.run(input.read()), "commands\n");
  EXPECT_EQ(loop.run(input.read()), std::nullopt);
}

TEST(RawTerminal, is_put_back_by_a_crash) {
  for (const int signal : {SIGSEGV, SIGABRT}) {
    Pty pty;
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto raw = RawTerminal::enter(pty.program.get());
      const char ok = raw && pty.is_raw() ? 'y' : 'n';
      if (::write(ready[1], &ok, 1) == 1) ::raise(signal);
      ::_exit(1);
    }
    char ok = 'n';
    EXPECT_EQ(::read(ready[0], &ok, 1), 1);
    EXPECT_EQ(ok, 'y');
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    EXPECT_FALSE(pty.is_raw());
    ::close(ready[0]);
    ::close(ready[1]);
  }
}

TEST(RawTerminal, refuses_what_is_no_terminal) {
  const io::UniqueFd null(::open("/dev/null", O_RDONLY));
  EXPECT_EQ(RawTerminal::enter(null.get()).error().code(), "terminal.raw");
}

}  // namespace
}  // namespace seatrial::cli
