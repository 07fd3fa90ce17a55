// SPDX-License-Identifier: Apache-2.0
// The clock of a DUT that is this machine's sh with a date of its own.
#include "workers/dut/clock.hpp"

#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "tests/workers/support/tasks.hpp"

namespace seatrial::dut {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Runs commands here, with date and hwclock from a folder.
class LocalShell final : public Shell {
 public:
  explicit LocalShell(fs::path tools) : tools_(std::move(tools)) {}
  Task<Result<RunResult>> run(RunRequest request) override {
    auto command = io::cmd("sh").arg("-c").arg(request.command);
    command.env.emplace_back("PATH", tools_.string() + ":/usr/bin:/bin");
    const Budget budget(request.budget, "a command");
    CO_TRY(const auto output, co_await io::run(std::move(command), budget));
    RunResult result;
    result.exit_code = output.status.code;
    result.out = output.out;
    result.err = output.err;
    co_return std::move(result);
  }
  Task<Result<>> put(fs::path, std::string, unsigned, Duration) override { co_return Result<>(); }
  Task<Result<>> get(std::string, fs::path, Duration, bool) override { co_return Result<>(); }

 private:
  fs::path tools_;
};

struct ClockTest : ::testing::Test {
  io::TempDir dir = io::TempDir::make("clock_test").value();
  test::Loop loop;
  LocalShell shell{dir.path()};

  void script(const char* name, const std::string& text) {
    ASSERT_TRUE(io::write_file_atomic(dir.path() / name, "#!/bin/sh\n" + text, 0755).has_value());
    fs::permissions(dir.path() / name, fs::perms::owner_all);
  }
  /// date: the real time plus what the file says; -s @N sets it.
  void SetUp() override {
    const std::string file = (dir.path() / "offset").string();
    set_offset(0);
    script("date", "real=$(/bin/date -u +%s)\nif [ \"$2\" = -s ]; then echo $((${3#@} - real)) > " +
                       file + "; else echo $((real + $(cat " + file + "))); fi\n");
    script("hwclock", "exit 1\n");
  }
  void set_offset(int seconds) {
    ASSERT_TRUE(io::write_file_atomic(dir.path() / "offset", std::to_string(seconds)).has_value());
  }
  double offset() {
    const auto value = loop.run(clock_offset(shell, Clock::system(), 20s));
    EXPECT_TRUE(value.has_value()) << value.error().describe();
    return seconds(value.value_or(Duration()));
  }
  Result<Duration> wake_up() { return loop.run(wake(shell, Clock::system(), 2s, 20s)); }
};

TEST_F(ClockTest, an_offset_is_measured) {
  EXPECT_NEAR(offset(), 0, 2);
  set_offset(-51);
  EXPECT_NEAR(offset(), -51, 2);
}

TEST_F(ClockTest, a_clock_that_stood_still_in_a_snapshot_is_set_from_the_rtc) {
  set_offset(-3600);
  script("hwclock", "echo 0 > " + (dir.path() / "offset").string() + "\n");
  const auto found = wake_up();
  ASSERT_TRUE(found.has_value()) << found.error().describe();
  EXPECT_NEAR(seconds(*found), -3600, 2);
  EXPECT_NEAR(offset(), 0, 2);
}

TEST_F(ClockTest, without_an_rtc_it_is_set_from_here) {
  set_offset(-3600);
  ASSERT_TRUE(wake_up().has_value());
  EXPECT_NEAR(offset(), 0, 2);
}

TEST_F(ClockTest, an_rtc_that_is_wrong_itself_does_not_win) {
  set_offset(-3600);
  script("hwclock", "echo 7200 > " + (dir.path() / "offset").string() + "\n");
  ASSERT_TRUE(wake_up().has_value());
  EXPECT_NEAR(offset(), 0, 2);
}

TEST_F(ClockTest, a_clock_that_is_right_is_left_alone) {
  script("hwclock", "echo 7200 > " + (dir.path() / "offset").string() + "\n");
  ASSERT_TRUE(wake_up().has_value());
  EXPECT_NEAR(offset(), 0, 2);
}

TEST_F(ClockTest, a_clock_that_cannot_be_set_is_a_failure) {
  script("date", "case $2 in -s) exit 1;; esac\necho $(($(/bin/date -u +%s) - 500))\n");
  const auto found = wake_up();
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code(), "clock.not_set");
}

TEST_F(ClockTest, a_clock_that_cannot_be_read_is_a_failure) {
  script("date", "echo yesterday\n");
  const auto found = wake_up();
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code(), "clock.unreadable");
}

}  // namespace
}  // namespace seatrial::dut
