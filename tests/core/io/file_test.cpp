// SPDX-License-Identifier: Apache-2.0
#include "core/io/file.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "core/io/hash.hpp"
#include "core/io/reserve.hpp"

namespace seatrial::io {
namespace {
using namespace std::chrono_literals;

TEST(File, an_atomic_write_replaces_the_whole_content_and_leaves_nothing_behind) {
  const auto dir = TempDir::make("file_test").value();
  const auto path = dir.path() / "a";
  ASSERT_TRUE(write_file_atomic(path, "one").has_value());
  ASSERT_TRUE(write_file_atomic(path, "two").has_value());
  EXPECT_EQ(read_file(path).value(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1);
}

TEST(File, failures_name_the_path_and_give_advice) {
  const auto missing = read_file("/nonexistent/x");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code(), "file.missing");
  EXPECT_NE(missing.error().what().find("/nonexistent/x"), std::string::npos);
}

TEST(File, a_full_disk_is_told_apart) {
  auto full = AppendFile::open("/dev/full");
  ASSERT_TRUE(full.has_value());
  const auto result = full->append("x");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "file.disk_full");
}

TEST(File, append_goes_on_where_the_file_ended) {
  const auto dir = TempDir::make("file_test").value();
  {
    auto file = AppendFile::open(dir.path() / "log").value();
    ASSERT_TRUE(file.append("one\n").has_value());
  }
  auto file = AppendFile::open(dir.path() / "log").value();
  EXPECT_EQ(file.size(), 4u);
  ASSERT_TRUE(file.append("two\n").has_value());
  EXPECT_EQ(read_file(dir.path() / "log").value(), "one\ntwo\n");
}

/// With a limit on file sizes, in a child: the limit holds for a whole process.
int with_size_limit(rlim_t limit, const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limits{limit, limit};
    ::setrlimit(RLIMIT_FSIZE, &limits);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(File, a_record_that_finds_no_room_is_left_out_as_a_whole) {
  const auto dir = TempDir::make("file_test").value();
  const auto path = dir.path() / "log";
  const int code = with_size_limit(10, [&] {
    auto file = AppendFile::open(path).value();
    if (!file.append("12345\n").has_value()) return 1;
    const auto half = file.append("123456\n");
    if (half.has_value() || half.error().code() != "file.disk_full") return 2;
    return file.append("12\n").has_value() ? 0 : 3;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(read_file(path).value(), "12345\n12\n");
}

TEST(Reserve, holds_space_without_a_name_and_gives_it_back) {
  const auto dir = TempDir::make("file_test").value();
  auto reserve = Reserve::make(dir.path(), 1u << 20);
  EXPECT_TRUE(reserve.held());
  EXPECT_TRUE(fs::is_empty(dir.path()));
  reserve.release();
  EXPECT_FALSE(reserve.held());
  EXPECT_FALSE(Reserve::make("/nonexistent", 1).held()) << "best effort, never a failure";
}

TEST(File, a_held_lock_is_reported_as_busy) {
  const auto dir = TempDir::make("file_test").value();
  const auto held = FileLock::acquire(dir.path() / "l", 0s, "the test");
  ASSERT_TRUE(held.has_value());
  const auto second = FileLock::acquire(dir.path() / "l", 0s, "the test");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), "lock.busy");
}

TEST(Hash, matches_the_published_vector) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace seatrial::io
