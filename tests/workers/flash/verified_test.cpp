// SPDX-License-Identifier: Apache-2.0
#include "workers/flash/verified.hpp"

#include <gtest/gtest.h>

#include "core/io/file.hpp"
#include "core/io/hash.hpp"

namespace seatrial::flash {
namespace {
namespace fs = std::filesystem;

class Verified : public testing::Test {
 protected:
  Verified() : folder(io::TempDir::make("verified").value()) {
    image = folder.path() / "a.img";
    EXPECT_TRUE(io::write_file_atomic(image, "content of an image").has_value());
    digest = io::sha256_file(image).value();
  }
  Result<> verify() { return verify_base(image, digest, folder.path() / "cache"); }
  io::TempDir folder;
  fs::path image;
  std::string digest;
};

TEST_F(Verified, an_image_that_is_what_its_catalogue_says_is_good) {
  EXPECT_TRUE(verify().has_value());
  EXPECT_TRUE(verify_base(image, digest, {}).has_value());
}

TEST_F(Verified, what_was_hashed_is_not_hashed_again) {
  ASSERT_TRUE(verify().has_value());
  const auto stamp = folder.path() / "cache/verified" / digest;
  const auto before = fs::last_write_time(stamp);
  EXPECT_TRUE(verify().has_value());
  EXPECT_EQ(fs::last_write_time(stamp), before);
}

TEST_F(Verified, a_file_that_changed_is_refused_as_the_benchs_trouble) {
  ASSERT_TRUE(verify().has_value());
  ASSERT_TRUE(io::write_file_atomic(image, "Content of an image").has_value());
  const auto refused = verify();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), "image.changed");
  EXPECT_EQ(refused.error().blame(), Blame::bench);
}

TEST_F(Verified, one_flipped_bit_with_the_old_time_is_seen) {
  ASSERT_TRUE(verify().has_value());
  const auto when = fs::last_write_time(image);
  ASSERT_TRUE(io::write_file_atomic(image, "content of an imagf").has_value());
  fs::last_write_time(image, when);
  EXPECT_FALSE(verify().has_value());
}

TEST_F(Verified, an_image_that_is_gone_says_so) {
  fs::remove(image);
  EXPECT_FALSE(verify().has_value());
}

}  // namespace
}  // namespace seatrial::flash
