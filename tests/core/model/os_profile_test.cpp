// SPDX-License-Identifier: Apache-2.0
#include "core/model/os_profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/file.hpp"

namespace seatrial::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Profiles : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& text) {
    const auto path = dir_.path() / "profile.json";
    EXPECT_TRUE(io::write_file_atomic(path, text));
    return path;
  }
  OsProfile profile(const std::string& more) {
    auto loaded = load_os_profile(file(R"({"name":"o","adapter":"a")" + more + "}"));
    EXPECT_TRUE(loaded) << loaded.error().describe();
    return loaded ? *loaded : OsProfile();
  }
  std::string complaint(const std::string& more) {
    const auto loaded = load_os_profile(file(R"({"name":"o","adapter":"a")" + more + "}"));
    EXPECT_FALSE(loaded);
    return loaded ? "" : loaded.error().what();
  }
  static DeviceType device() {
    DeviceType type;
    type.image = "image-of-the-device";
    type.capabilities = {"power", "shell"};
    type.boot_loader.kind = "grub";
    type.boot_loader.attempt_limit = 1;
    type.boot_loader.environment = "grubenv";
    type.boot_loader.line = "loader";
    type.console.login_prompt = "login:";
    type.console.first_line = "first";
    type.partitions.resize(2);
    type.partitions[0].role = "boot";
    type.partitions[1].role = "data";
    return type;
  }
  io::TempDir dir_ = io::TempDir::make("profiles").value();
};

TEST_F(Profiles, without_overrides_leave_the_device_type_as_it_is) {
  const auto type = layout(device(), profile(""));
  EXPECT_EQ(type.image, "image-of-the-device");
  EXPECT_THAT(type.capabilities, ElementsAre("power", "shell"));
  EXPECT_EQ(type.boot_loader.environment, "grubenv");
  EXPECT_EQ(type.boot_loader.attempt_limit, 1);
  EXPECT_EQ(type.console.login_prompt, "login:");
  EXPECT_EQ(type.partitions.size(), 2u);
}

TEST_F(Profiles, override_each_field_of_the_device_type_that_they_name_and_no_other) {
  const auto type = layout(device(), profile(R"(,
      "image": "ours",
      "boot_loader": {"environment": "uboot.env", "attempt_limit": 3},
      "console": {"login_prompt": "ours login:"},
      "partitions": [{"number": 7, "label": "BOOT", "filesystem": "vfat", "role": "boot"}])"));
  EXPECT_EQ(type.image, "ours");
  EXPECT_EQ(type.boot_loader.environment, "uboot.env");
  EXPECT_EQ(type.boot_loader.attempt_limit, 3);
  EXPECT_EQ(type.boot_loader.kind, "grub");
  EXPECT_EQ(type.boot_loader.line, "loader");
  EXPECT_EQ(type.console.login_prompt, "ours login:");
  EXPECT_EQ(type.console.first_line, "first");
  ASSERT_EQ(type.partitions.size(), 1u);
  EXPECT_EQ(type.partition("boot")->label, "BOOT");
  EXPECT_EQ(type.partition("data"), nullptr) << "the list is replaced, not merged";
}

TEST_F(Profiles, override_the_rest_of_loader_and_console_too) {
  const auto type = layout(device(), profile(R"(,
      "boot_loader": {"kind": "u-boot", "line": "U-Boot"}, "console": {"first_line": "SPL"})"));
  EXPECT_EQ(type.boot_loader.kind, "u-boot");
  EXPECT_EQ(type.boot_loader.line, "U-Boot");
  EXPECT_EQ(type.boot_loader.environment, "grubenv");
  EXPECT_EQ(type.console.first_line, "SPL");
}

TEST_F(Profiles, add_what_the_os_offers_to_what_the_board_does) {
  const auto os = profile(R"(, "capabilities": ["ab_slots", "shell"])");
  EXPECT_THAT(os.capabilities, ElementsAre("ab_slots", "shell"));
  EXPECT_THAT(layout(device(), os).capabilities, ElementsAre("power", "shell", "ab_slots"));
}

TEST_F(Profiles, are_answered_when_an_override_is_wrong) {
  EXPECT_THAT(complaint(R"(, "boot_loader": {"lime": "x"})"), HasSubstr("did you mean line"));
  EXPECT_THAT(complaint(R"(, "console": {"baud": 9600})"), HasSubstr("console.baud"));
  EXPECT_THAT(complaint(R"(, "partitions": [{"number": 1}])"), HasSubstr("partitions[0].label"));
  EXPECT_THAT(complaint(R"(, "capabilities": "shell")"), HasSubstr("capabilities: must be a list"));
  EXPECT_THAT(complaint(R"(, "image": 5)"), HasSubstr("image: must be text"));
}

}  // namespace
}  // namespace seatrial::model
