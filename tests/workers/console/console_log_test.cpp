// SPDX-License-Identifier: Apache-2.0
#include "workers/console/console_log.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <fstream>

#include "core/io/file.hpp"
#include "workers/console/capture.hpp"

namespace seatrial::console {
namespace {

using namespace std::chrono_literals;
using model::ConsoleMark;

class Log : public testing::Test {
 protected:
  Log() : dir_(*io::TempDir::make("console-log-test")) {}
  ConsoleLog open() {
    auto log = ConsoleLog::open(dir_.path());
    EXPECT_TRUE(log.has_value());
    return std::move(*log);
  }
  model::ConsoleReader reader() {
    auto reader = model::ConsoleReader::open(dir_.path());
    EXPECT_TRUE(reader.has_value());
    return std::move(*reader);
  }
  io::TempDir dir_;
};

TEST_F(Log, times_each_burst_and_no_more_than_that) {
  auto log = open();
  ASSERT_TRUE(log.append("first", 1s, 101s).has_value());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(log.append("x", 1s + i * 1ms, 101s).has_value());
  ASSERT_TRUE(log.append("later", 2s, 102s).has_value());
  auto read = reader();
  EXPECT_EQ(read.stamps(), 2u);
  EXPECT_EQ(read.time_of(0)->monotonic, 1s);
  EXPECT_EQ(read.time_of(44)->monotonic, 1s);
  EXPECT_EQ(read.time_of(45)->monotonic, 2s);
  EXPECT_EQ(read.time_of(45)->wall, 102s);
}

TEST_F(Log, a_flood_is_indexed_by_size) {
  auto log = open();
  const std::string chunk(64u << 10, 'x');
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(log.append(chunk, 1s, 101s).has_value());
  EXPECT_EQ(reader().stamps(), 16u);
}

TEST_F(Log, marks_lie_between_the_bytes) {
  auto log = open();
  ASSERT_TRUE(log.mark(ConsoleMark::power_on, 1s, 101s).has_value());
  ASSERT_TRUE(log.append("boot", 2s, 102s).has_value());
  ASSERT_TRUE(log.mark(ConsoleMark::power_off, 3s, 103s).has_value());
  ASSERT_TRUE(log.append("again", 3001ms, 104s).has_value());
  auto read = reader();
  const auto marks = read.marks();
  ASSERT_EQ(marks.size(), 2u);
  EXPECT_EQ(marks[0].offset, 0u);
  EXPECT_EQ(marks[1].offset, 4u);
  EXPECT_EQ(read.time_of(0)->monotonic, 2s);
  EXPECT_EQ(read.time_of(4)->monotonic, 3001ms) << "after a mark the next byte has its own time";
}

TEST_F(Log, goes_on_where_an_earlier_process_was_killed) {
  {
    auto log = open();
    ASSERT_TRUE(log.append("before ", 1s, 101s).has_value());
  }
  std::ofstream(dir_.path() / "console.idx", std::ios::app | std::ios::binary) << "torn";
  auto log = open();
  EXPECT_EQ(log.end(), 7u);
  ASSERT_TRUE(log.append("after", 2s, 102s).has_value());
  EXPECT_EQ(*io::read_file(dir_.path() / "console.log"), "before after");
  EXPECT_EQ(reader().time_of(8)->monotonic, 2s);
  EXPECT_EQ(*log.read(3, 6), "ore af");
}

TEST_F(Log, a_full_disk_is_told_once_and_counted) {
  auto opened = ConsoleLog::open("/dev/full", dir_.path() / "console.idx");
  ASSERT_TRUE(opened.has_value()) << opened.error().describe();
  auto log = std::move(*opened);
  const auto first = log.append("lost", 1s, 101s);
  ASSERT_FALSE(first.has_value());
  EXPECT_EQ(first.error().code(), "file.disk_full");
  EXPECT_EQ(first.error().blame(), Blame::bench);
  EXPECT_TRUE(log.append("lost", 1100ms, 101s).has_value());
  EXPECT_TRUE(log.append("lost", 5s, 105s).has_value());
  EXPECT_EQ(log.lost(), 12u);
  EXPECT_EQ(log.end(), 12u);
}

/// Writing beyond a file size limit fails as a full disk does, and the limit can be lifted again.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t most) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit = before_;
    limit.rlim_cur = most;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(Log, what_was_lost_is_a_hole_so_that_offsets_stay_true) {
  auto log = open();
  ASSERT_TRUE(log.append("head ", 1s, 101s).has_value());
  {
    const SizeLimit limit(5);
    ASSERT_FALSE(log.append("lost ", 2s, 102s).has_value());
    ASSERT_TRUE(log.append("LOST ", 2100ms, 102s).has_value());
  }
  ASSERT_TRUE(log.append("tail", 4s, 104s).has_value());
  EXPECT_EQ(log.lost(), 10u);
  EXPECT_EQ(*io::read_file(dir_.path() / "console.log"),
            std::string("head ") + std::string(10, '\0') + "tail");
  auto read = reader();
  EXPECT_EQ(read.time_of(15)->monotonic, 4s);
  EXPECT_EQ(*log.read(13, 4), std::string("\0\0ta", 4));
}

TEST_F(Log, a_full_disk_does_not_stop_capture_and_matching) {
  boost::asio::io_context io;
  auto opened = ConsoleLog::open("/dev/full", "/dev/full");
  ASSERT_TRUE(opened.has_value()) << opened.error().describe();
  std::vector<Failure> told;
  Capture capture(io.get_executor(), Clock::system(), std::move(*opened),
                  [&](const Failure& failure) { told.push_back(failure); });
  std::vector<std::string> seen;
  const auto watching =
      capture.matcher().watch(*PatternSet::compile(Pattern("Kernel panic")),
                              [&](const Match& match) { seen.push_back(match.line); });
  for (int i = 0; i < 100; ++i) capture.take("line\nKernel panic " + std::to_string(i) + "\n");
  EXPECT_EQ(seen.size(), 100u);
  ASSERT_FALSE(told.empty());
  EXPECT_LE(told.size(), 3u);
  EXPECT_EQ(told[0].code(), "file.disk_full");
  EXPECT_EQ(*capture.read(0, 5), "line\n");
  EXPECT_EQ(capture.stats().lost, capture.stats().bytes);
}

}  // namespace
}  // namespace seatrial::console
