// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/io/file.hpp"
#include "workers/guard/guard.hpp"

namespace seatrial {
namespace {
namespace fs = std::filesystem;

TEST(SocketFolder, is_short_however_long_the_run_folder_is) {
  const auto dir = io::TempDir::make("socket_folder_test").value();
  const fs::path deep = dir.path() / std::string(120, 'x');
  fs::create_directories(deep);
  const auto folder = SocketFolder::make(deep, nullptr);
  ASSERT_TRUE(folder.has_value()) << folder.error().describe();
  EXPECT_LE(folder->path().string().size(), 60u);
  EXPECT_EQ(fs::status(folder->path()).permissions(), fs::perms::owner_all);
}

TEST(SocketFolder, lies_in_the_run_folder_when_that_is_short_and_goes_with_its_owner) {
  const auto dir = io::TempDir::make("sf").value();
  fs::path path;
  {
    const auto folder = SocketFolder::make(dir.path(), nullptr);
    ASSERT_TRUE(folder.has_value());
    path = folder->path();
    EXPECT_EQ(path.parent_path(), dir.path());
    ASSERT_TRUE(io::write_file_atomic(path / "socket", "").has_value());
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(SocketFolder, two_of_them_never_clash) {
  const auto dir = io::TempDir::make("sf").value();
  const auto one = SocketFolder::make(dir.path(), nullptr);
  const auto two = SocketFolder::make(dir.path(), nullptr);
  EXPECT_NE(one.value().path(), two.value().path());
}

}  // namespace
}  // namespace seatrial
