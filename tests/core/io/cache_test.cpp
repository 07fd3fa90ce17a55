// SPDX-License-Identifier: Apache-2.0
#include "core/io/cache.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "core/io/file.hpp"

namespace seatrial::io {
namespace {

using namespace std::chrono_literals;

class CacheTest : public testing::Test {
 protected:
  Result<> write(const fs::path& into) {
    ++made_;
    return write_file_atomic(into / "file", "content");
  }
  TempDir dir_ = TempDir::make("cache_test").value();
  Cache cache_ = Cache::open(dir_.path() / "cache").value();
  std::atomic<int> made_ = 0;
};

TEST_F(CacheTest, makes_a_thing_once) {
  for (int i = 0; i < 2; ++i) {
    const auto path =
        cache_.ensure("kind", "key", [&](const fs::path& into) { return write(into); });
    ASSERT_TRUE(path.has_value());
    EXPECT_EQ(read_file(*path / "file").value(), "content");
  }
  EXPECT_EQ(made_, 1);
  EXPECT_FALSE(cache_.find("kind", "key").empty());
  EXPECT_TRUE(cache_.find("kind", "other").empty());
}

TEST_F(CacheTest, a_failed_maker_leaves_nothing_behind) {
  const auto failed = cache_.ensure("kind", "key", [&](const fs::path& into) -> Result<> {
    CHECK_OK(write(into));
    return Failure("test.no", Blame::bench, "no", "try again");
  });
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code(), "test.no");
  EXPECT_TRUE(cache_.find("kind", "key").empty());
  EXPECT_TRUE(fs::is_empty(cache_.tmp()));
  EXPECT_TRUE(cache_.ensure("kind", "key", [&](const fs::path& into) { return write(into); }));
}

TEST_F(CacheTest, two_at_once_make_it_once) {
  const auto work = [&] {
    auto own = Cache::open(dir_.path() / "cache").value();
    EXPECT_TRUE(own.ensure("kind", "key", [&](const fs::path& into) { return write(into); }));
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(made_, 1);
}

TEST_F(CacheTest, work_nobody_holds_is_removed_and_that_of_the_living_kept) {
  const auto alive = cache_.work("alive").value();
  const auto dead = cache_.tmp() / "dead", fresh = cache_.tmp() / "fresh";
  fs::create_directories(dead / "half-made");
  fs::create_directories(fresh);
  const auto long_ago = fs::file_time_type::clock::now() - 1h;
  fs::last_write_time(dead, long_ago);
  fs::last_write_time(alive.path(), long_ago);
  ASSERT_TRUE(Cache::open(dir_.path() / "cache").has_value());
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(fresh)) << "its maker may be about to lock it";
  EXPECT_TRUE(fs::exists(alive.path()));
}

TEST_F(CacheTest, prune_removes_what_was_not_used_but_what_is_claimed) {
  for (const char* key : {"old", "claimed", "fresh"})
    ASSERT_TRUE(cache_.ensure("kind", key, [&](const fs::path& into) { return write(into); }));
  const auto long_ago = fs::file_time_type::clock::now() - 48h;
  for (const char* key : {"old", "claimed"})
    fs::last_write_time(dir_.path() / "cache/kind" / key / ".used", long_ago);
  const auto report =
      cache_.prune(24h, [](const fs::path& path) { return path.filename() == "claimed"; });
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->removed.size(), 1u);
  EXPECT_TRUE(cache_.find("kind", "old").empty());
  EXPECT_FALSE(cache_.find("kind", "claimed").empty());
  EXPECT_FALSE(cache_.find("kind", "fresh").empty());
}

TEST_F(CacheTest, a_folder_without_its_stamp_is_not_there) {
  ASSERT_TRUE(cache_.ensure("kind", "key", [&](const fs::path& into) { return write(into); }));
  fs::remove(dir_.path() / "cache/kind/key/.used");
  EXPECT_TRUE(cache_.find("kind", "key").empty());
  ASSERT_TRUE(cache_.ensure("kind", "key", [&](const fs::path& into) { return write(into); }));
  EXPECT_EQ(made_, 2);
}

TEST(CacheRoot, the_environment_wins) {
  ::setenv("SEATRIAL_CACHE", "/somewhere/else", 1);
  EXPECT_EQ(cache_root(), fs::path("/somewhere/else"));
  ::unsetenv("SEATRIAL_CACHE");
  EXPECT_NE(cache_root(), fs::path("/somewhere/else"));
}

TEST(Cache, a_root_that_cannot_be_made_is_told_with_advice) {
  const auto cache = Cache::open("/proc/no/such/cache");
  ASSERT_FALSE(cache.has_value());
  EXPECT_EQ(cache.error().code(), "cache.unusable");
}

}  // namespace
}  // namespace seatrial::io
