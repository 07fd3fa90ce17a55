// SPDX-License-Identifier: Apache-2.0
#include "workers/console/session.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "core/base/nursery.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "tests/workers/console/pty_device.hpp"

namespace seatrial::console {
namespace {

using namespace std::chrono_literals;

/// A console on a device with a shell.
class Desk {
 public:
  explicit Desk(const std::string& shell, double noise = 0, unsigned seed = 1)
      : dir(*io::TempDir::make("session-test")), device(shell, noise, seed) {
    ::signal(SIGPIPE, SIG_IGN);
    auto opened = Console::open(io.get_executor(), Clock::system(), dir.path(), Console::Options());
    EXPECT_TRUE(opened.has_value());
    if (std::getenv("SEATRIAL_TEST_SHOW_CONSOLE"))
      shown = (*opened)->capture().tap([](std::uint64_t, std::string_view bytes) {
        std::fwrite(bytes.data(), 1, bytes.size(), stderr);
      });
    console = std::move(*opened);
    Credentials credentials;
    credentials.password = "hunter22";
    session = std::make_unique<Session>(*console, credentials);
  }

  /// Runs a body while the console is captured.
  void run(std::function<Task<>()> body) {
    auto all = [&]() -> Task<> {
      Nursery nursery(io.get_executor());
      nursery.start("capture", console->run(fd_channel(io.get_executor(), device.take())));
      co_await body();
      nursery.cancel();
      const auto joined = co_await nursery.join();
      EXPECT_TRUE(joined.has_value()) << joined.error().describe();
    };
    boost::asio::co_spawn(io, all(), [](std::exception_ptr e) {
      if (e) std::rethrow_exception(e);
    });
    io.run();
  }

  boost::asio::io_context io;
  io::TempDir dir;
  PtyDevice device;
  Subscription shown;
  std::unique_ptr<Console> console;
  std::unique_ptr<Session> session;
};

class SessionOn : public testing::TestWithParam<const char*> {};

TEST_P(SessionOn, logs_in_and_runs_commands) {
  Desk desk(GetParam());
  desk.run([&]() -> Task<> {
    auto& session = *desk.session;
    const auto hello =
        co_await session.run("echo hello; echo oh >&2; exit 7", Budget(30s, "hello"));
    EXPECT_TRUE(hello.has_value()) << hello.error().describe();
    if (!hello) co_return;
    EXPECT_EQ(hello->status, 7);
    EXPECT_EQ(hello->out, "hello\n");
    EXPECT_EQ(hello->err, "oh\n");
    EXPECT_EQ(hello->repairs, 0u);
    const auto odd =
        co_await session.run("printf '%s' \"it's 100% \\\\ \t$((6*7)) \xc3\xa9\"\nexit 0",
                             Budget(30s, "odd characters"));
    EXPECT_TRUE(odd.has_value()) << odd.error().describe();
    if (odd) {
      EXPECT_EQ(odd->out, "it's 100% \\ \t42 \xc3\xa9");
    }
    const auto silent = co_await session.run("true", Budget(30s, "nothing"));
    EXPECT_TRUE(silent && silent->status == 0 && silent->out.empty() && silent->err.empty());
    const auto out = co_await session.logout(Budget(10s, "the login prompt"));
    EXPECT_TRUE(out.has_value()) << out.error().describe();
  });
}

TEST_P(SessionOn, results_survive_kernel_messages_at_random_bytes) {
  Desk desk(GetParam(), 0.15, 7);
  desk.run([&]() -> Task<> {
    unsigned repairs = 0;
    for (int i = 0; i < 2; ++i) {
      const auto numbers = co_await desk.session->run("seq 1 1000; exit " + std::to_string(i),
                                                      Budget(50s, "the numbers"));
      EXPECT_TRUE(numbers.has_value()) << numbers.error().describe();
      if (!numbers) co_return;
      EXPECT_EQ(numbers->status, i);
      std::string expected;
      for (int n = 1; n <= 1000; ++n) expected += std::to_string(n) + "\n";
      EXPECT_EQ(numbers->out, expected);
      repairs += numbers->repairs;
    }
    EXPECT_GT(repairs, 0u) << "the noise hit nothing, so this proves nothing";
  });
  EXPECT_GE(desk.device.disturbed(), 5u);
}

INSTANTIATE_TEST_SUITE_P(Shells, SessionOn, testing::Values("dash", "bash --norc --noprofile"),
                         [](const auto& info) { return std::string(info.param).substr(0, 4); });

TEST(Session, a_command_of_many_kilobytes_arrives_whole) {
  Desk desk("dash");
  desk.run([&]() -> Task<> {
    std::string text;
    for (int i = 0; text.size() < 9000; ++i) text += "line " + std::to_string(i) + " 'quoted'\n";
    const auto result =
        co_await desk.session->run("cat <<'END'\n" + text + "END\n", Budget(50s, "a long command"));
    EXPECT_TRUE(result.has_value()) << result.error().describe();
    if (result) {
      EXPECT_EQ(result->out, text);
    }
  });
}

TEST(Session, long_output_is_cut_and_says_so) {
  Desk desk("dash");
  desk.run([&]() -> Task<> {
    const auto result =
        co_await desk.session->run("yes | head -c 100000", Budget(50s, "yes"), 8192);
    EXPECT_TRUE(result.has_value()) << result.error().describe();
    if (!result) co_return;
    EXPECT_TRUE(result->truncated);
    EXPECT_EQ(result->out.size(), 8192u);
  });
}

TEST(Session, a_hanging_command_costs_its_budget_and_not_the_session) {
  Desk desk("bash --norc --noprofile");
  desk.run([&]() -> Task<> {
    const auto ready = co_await desk.session->run("true", Budget(30s, "a shell"));
    EXPECT_TRUE(ready.has_value());
    const auto hung = co_await desk.session->run(
        "sleep 600", Budget(300ms, "sleep").with_code("shell.run").with_blame(Blame::product));
    EXPECT_FALSE(hung.has_value());
    if (!hung) {
      EXPECT_EQ(hung.error().code(), "shell.run");
    }
    const auto after = co_await desk.session->run("echo alive", Budget(30s, "the shell"));
    EXPECT_TRUE(after.has_value()) << after.error().describe();
    if (after) {
      EXPECT_EQ(after->out, "alive\n");
    }
  });
}

TEST(Session, a_wrong_password_is_the_products_refusal) {
  Desk desk("dash");
  Credentials wrong;
  wrong.password = "incorrect-horse";
  desk.session = std::make_unique<Session>(*desk.console, wrong);
  desk.run([&]() -> Task<> {
    const auto login = co_await desk.session->login(Budget(30s, "a login"));
    EXPECT_FALSE(login.has_value());
    if (!login) {
      EXPECT_EQ(login.error().code(), "session.login");
    }
    if (!login) {
      EXPECT_EQ(login.error().blame(), Blame::product);
    }
  });
}

TEST(Session, finds_its_way_back_after_the_shell_has_ended) {
  Desk desk("dash");
  desk.run([&]() -> Task<> {
    const auto first = co_await desk.session->run("echo one", Budget(30s, "one"));
    EXPECT_TRUE(first.has_value());
    const auto from = desk.console->mark();
    EXPECT_TRUE((co_await desk.console->send("exit\n")).has_value());
    std::vector<Pattern> prompt;
    prompt.emplace_back("login: ");
    const auto gone = co_await desk.console->expect(
        std::move(prompt), Budget(10s, "the login prompt"), Since::offset(from));
    EXPECT_TRUE(gone.has_value());
    const auto second = co_await desk.session->run("echo two", Budget(30s, "two"));
    EXPECT_TRUE(second.has_value()) << second.error().describe();
    if (second) {
      EXPECT_EQ(second->out, "two\n");
    }
  });
}

}  // namespace
}  // namespace seatrial::console
