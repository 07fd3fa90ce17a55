// SPDX-License-Identifier: Apache-2.0
#include "devices/catalog.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "core/io/file.hpp"

namespace seatrial::devices {
namespace {

const Catalog kShipped(SEATRIAL_SOURCE_DIR "/devices");

TEST(Catalog, every_shipped_device_type_and_its_profile_load) {
  ASSERT_FALSE(kShipped.slugs().empty());
  for (const auto& slug : kShipped.slugs()) {
    const auto type = kShipped.device(slug);
    ASSERT_TRUE(type.has_value()) << type.error().describe();
    EXPECT_EQ(type->slug, slug);
    const auto profile = kShipped.profile(type->profile);
    EXPECT_TRUE(profile.has_value()) << profile.error().describe();
  }
}

TEST(Catalog, an_alias_leads_to_its_device_type) {
  const auto type = kShipped.device("generic-amd64");
  ASSERT_TRUE(type.has_value()) << type.error().describe();
  EXPECT_EQ(type->slug, "qemu-amd64");
}

TEST(Catalog, an_unknown_device_type_is_answered_with_the_nearest) {
  const auto type = kShipped.device("qemu-amd46");
  ASSERT_FALSE(type.has_value());
  EXPECT_EQ(type.error().code(), "device.unknown");
  EXPECT_NE(type.error().what().find("did you mean qemu-amd64"), std::string::npos)
      << type.error().what();
}

TEST(Catalog, a_wrong_field_is_named_with_file_and_line) {
  const auto dir = io::TempDir::make("catalog_test").value();
  ASSERT_TRUE(io::make_dirs(dir.path() / "x").has_value());
  std::ofstream(dir.path() / "x/device.json") << "{\n \"slug\": \"x\",\n \"nmae\": \"X\"\n}";
  const auto type = Catalog(dir.path()).device("x");
  ASSERT_FALSE(type.has_value());
  EXPECT_NE(type.error().what().find("device.json:"), std::string::npos) << type.error().what();
}

}  // namespace
}  // namespace seatrial::devices
