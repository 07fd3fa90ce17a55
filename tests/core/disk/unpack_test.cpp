// SPDX-License-Identifier: Apache-2.0
#include "core/disk/unpack.hpp"

#include <gtest/gtest.h>

#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::disk {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class Unpack : public testing::Test {
 protected:
  void SetUp() override {
    content_ = "image " + std::string(300000, '\0') + "tail";
    ASSERT_TRUE(io::write_file_atomic(dir_.path() / "x.img", content_).has_value());
  }
  /// Runs a command in the folder of x.img.
  void shell(const std::string& command) {
    const auto done = io::run_checked(io::cmd("bash")
                                          .arg("-c")
                                          .arg("set -e; cd $DIR;" + command)
                                          .with_env("DIR", dir_.path().string()),
                                      Budget(30s, "a packer"), "test.setup", Blame::bench);
    ASSERT_TRUE(done.has_value()) << done.error().describe();
  }
  Result<fs::path> unpack(const char* name) { return unpacked_image(dir_.path() / name, cache_); }

  io::TempDir dir_ = io::TempDir::make("unpack_test").value();
  io::Cache cache_ = io::Cache::open(dir_.path() / "cache").value();
  std::string content_;
};

TEST_F(Unpack, reads_gzip_xz_zstd_and_zip_once) {
  shell(
      "gzip -k x.img; xz -k x.img; zstd -q x.img -o x.img.zst; "
      "python3 -c 'import zipfile; z = zipfile.ZipFile(\"x.zip\", \"w\"); z.writestr(\"README\", "
      "\"no\"); z.write(\"x.img\")'");
  for (const char* name : {"x.img.gz", "x.img.xz", "x.img.zst", "x.zip"}) {
    const auto path = unpack(name);
    ASSERT_TRUE(path.has_value()) << name << ": " << path.error().describe();
    EXPECT_EQ(io::read_file(*path).value(), content_) << name;
    const auto written = fs::last_write_time(*path);
    EXPECT_EQ(unpack(name).value(), *path);
    EXPECT_EQ(fs::last_write_time(*path), written);
  }
}

TEST_F(Unpack, a_plain_image_is_left_where_it_is) {
  EXPECT_EQ(unpack("x.img").value(), dir_.path() / "x.img");
  EXPECT_EQ(unpack("missing").value(), dir_.path() / "missing");  // opening it tells
}

TEST_F(Unpack, a_download_that_was_cut_is_truncated) {
  shell(
      "head -c 400000 /dev/urandom > y; gzip -k y; xz -k y; zstd -q y -o y.zst; "
      "for f in gz xz zst; do truncate -s -1000 y.$f; done");
  for (const char* name : {"y.gz", "y.xz", "y.zst"}) {
    const auto path = unpack(name);
    ASSERT_FALSE(path.has_value()) << name;
    EXPECT_EQ(path.error().code(), "image.truncated") << name << ": " << path.error().describe();
  }
  EXPECT_TRUE(fs::is_empty(cache_.tmp()));
}

TEST_F(Unpack, foreign_compressions_are_named) {
  shell("printf '7z\\274\\257\\047\\034 and more' > x.7z; printf 'x' > x.br");
  EXPECT_EQ(unpack("x.7z").error().code(), "image.unknown_compression");
  EXPECT_EQ(unpack("x.br").error().code(), "image.unknown_compression");
}

}  // namespace
}  // namespace seatrial::disk
