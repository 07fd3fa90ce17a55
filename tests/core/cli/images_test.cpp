// SPDX-License-Identifier: Apache-2.0
#include "core/cli/images.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/cli/verb.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Roles, name_the_bundle_of_the_next_version) {
  const std::vector<std::string> known{"refos-1.0.0", "bundle:refos-1.0.0", "bundle:refos-1.1.0",
                                       "bundle:refos-1.1.0+init_broken", "bundle:other-9.0.0"};
  EXPECT_EQ(model::role_of("{next}+init_broken"), "next+init_broken");
  EXPECT_EQ(bundle_name("refos-1.0.0", "next", known), "bundle:refos-1.1.0");
  EXPECT_EQ(bundle_name("refos-1.0.0", "next+init_broken", known),
            "bundle:refos-1.1.0+init_broken");
  EXPECT_EQ(bundle_name("refos-1.0.0", "next~truncated", known), "bundle:refos-1.1.0~truncated");
  EXPECT_EQ(bundle_name("refos-1.1.0", "next", known), "") << "there is nothing after 1.1.0";
  EXPECT_EQ(bundle_name("my-os.img", "next", known), "");
}

TEST(Roles, of_a_mutant_are_the_bundles_that_it_says_its_defect_is_in) {
  const auto with = [](const char* bundle, const char* role, std::vector<std::string> in) {
    return bundle_with_mutant(bundle, role, {"refos-1.0.0", "bad", "", std::move(in)});
  };
  EXPECT_EQ(with("bundle:refos-1.1.0", "next", {"image", "bundle"}), "bundle:refos-1.1.0+bad");
  EXPECT_EQ(with("bundle:refos-1.1.0", "next", {"image"}), "bundle:refos-1.1.0");
  const char* sick = "bundle:refos-1.1.0+sick";
  EXPECT_EQ(with(sick, "next+sick", {"image", "bundle"}), sick) << "the sabotage was lost";
  EXPECT_EQ(with(sick, "next+sick", {"bundle+sick"}), "bundle:refos-1.1.0+bad");
  EXPECT_EQ(with("bundle:refos-1.1.0", "next", {"bundle+sick"}), "bundle:refos-1.1.0");
  EXPECT_EQ(with("", "next", {"bundle"}), "") << "there is no next version";
}

TEST(ImageWords, are_paths_or_names) {
  EXPECT_TRUE(looks_like_a_path("./refos"));
  EXPECT_TRUE(looks_like_a_path("os.img"));
  EXPECT_FALSE(looks_like_a_path("refos-1.0.0@other_slug"));
}

class ImageFiles : public testing::Test {
 protected:
  void SetUp() override {
    auto made = io::TempDir::make("seatrial-images");
    ASSERT_TRUE(made);
    folder_.emplace(std::move(*made));
    ::setenv("SEATRIAL_CACHE", (folder_->path() / "cache").c_str(), 1);
  }
  void TearDown() override { ::unsetenv("SEATRIAL_CACHE"); }
  std::string file(const std::string& name, const std::string& content) {
    const auto path = folder_->path() / name;
    EXPECT_TRUE(io::write_file_atomic(path, content));
    return path.string();
  }
  /// A disk with one partition, FAT with a config.json or nothing in it.
  std::string disk(const std::string& label, bool formatted = true) {
    const auto path = (folder_->path() / (label + ".img")).string();
    const auto made = io::run_blocking(
        io::cmd("bash").arg("-c").arg(
            "set -e; truncate -s 40M '" + path +
            "'; printf 'label: gpt\\nstart=2048, size=65536, name=\"" + label +
            "\"\\n' | sfdisk -q '" + path + "'; " + (formatted ? "" : "exit 0; ") +
            "mkfs.vfat --offset 2048 -n BOOT '" + path +
            "' 32768 >/dev/null; printf '{\"hostname\":\"a\"}' > '" + path + ".json'; mcopy -i '" +
            path + "@@1048576' '" + path + ".json' ::config.json"),
        Budget(std::chrono::seconds(30), "a disk"));
    EXPECT_TRUE(made && made->status.ok()) << (made ? made->err : made.error().describe());
    return path;
  }
  std::string code_of(const std::string& path) {
    auto opened = open_image_file(path, {});
    EXPECT_FALSE(opened) << path;
    if (opened) return "opened";
    EXPECT_EQ(exit_code_of(opened.error()), 2) << opened.error().describe();
    EXPECT_FALSE(opened.error().advice().empty());
    return opened.error().code();
  }
  std::optional<io::TempDir> folder_;
};

TEST_F(ImageFiles, that_cannot_be_used_are_told_apart) {
  EXPECT_EQ(code_of((folder_->path() / "missing.img").string()), "image.missing");
  EXPECT_EQ(code_of(file("empty.img", "")), "image.empty");
  EXPECT_EQ(code_of(file("text.img", std::string(100'000, 'x'))), "image.not_an_image");
  EXPECT_EQ(code_of(file("7z.img", "7z\xbc\xaf\x27\x1c" + std::string(5000, 'x'))),
            "image.unknown_compression");
  EXPECT_EQ(code_of(file("bad.img.gz", "\x1f\x8b\x08" + std::string(5000, 'x'))), "image.damaged");
  EXPECT_EQ(code_of(folder_->path().string()), "image.not_an_image");
  EXPECT_EQ(code_of(disk("something", false)), "image.no_boot_partition");
}

TEST_F(ImageFiles, say_their_version_on_the_boot_partition_or_not_at_all) {
  const auto path = disk("resin-boot");
  const auto silent = open_image_file(path, {});
  ASSERT_TRUE(silent) << silent.error().describe();
  EXPECT_EQ(silent->version, "");
  const auto text =
      file("os-release", "NAME=\"Own OS\"\nVERSION=\"4.5.6 (six)\"\nVERSION_ID='4.5.6'\n");
  const auto copied = io::run_blocking(
      io::cmd("mcopy").arg("-i").arg(path + "@@1048576").arg(text).arg("::os-release"),
      Budget(std::chrono::seconds(30), "mcopy"));
  ASSERT_TRUE(copied && copied->status.ok());
  const auto told = open_image_file(path, {});
  ASSERT_TRUE(told) << told.error().describe();
  EXPECT_EQ(told->version, "4.5.6");
}

TEST_F(ImageFiles, of_updates_say_their_version_or_not_at_all) {
  file("resin-boot-os-release", "VERSION_ID=\"7.8\"\n");
  const auto folder = folder_->path();
  const auto packed =
      io::run_blocking(io::cmd("bash").arg("-c").arg(
                           "set -e; cd '" + folder.string() +
                           "'; mkdir resin-boot; mv resin-boot-os-release "
                           "resin-boot/os-release; head -c 3000000 /dev/zero > rootfs; "
                           "tar cf own.tar ./rootfs ./resin-boot; tar cf silent.tar rootfs"),
                       Budget(std::chrono::seconds(30), "tar"));
  ASSERT_TRUE(packed && packed->status.ok());
  const auto told = open_bundle_file((folder / "own.tar").string());
  ASSERT_TRUE(told) << told.error().describe();
  EXPECT_EQ(told->version, "7.8");
  EXPECT_EQ(told->name, "own.tar");
  EXPECT_EQ(open_bundle_file((folder / "silent.tar").string())->version, "");
  EXPECT_EQ(open_bundle_file(file("no.tar", std::string(100'000, 'x')))->version, "");
  EXPECT_FALSE(open_bundle_file((folder / "missing.tar").string()));
}

TEST_F(ImageFiles, that_are_cut_off_are_refused) {
  const auto path = disk("resin-boot");
  std::filesystem::resize_file(path, 20u << 20);
  EXPECT_EQ(code_of(path), "image.truncated");
}

TEST_F(ImageFiles, are_unpacked_once_and_the_copy_is_the_same) {
  const auto path = disk("resin-boot");
  const auto plain = open_image_file(path, {});
  ASSERT_TRUE(plain) << plain.error().describe();
  for (const char* packer : {"gzip", "xz -0", "zstd", "bzip2"}) {
    const auto packed = path + "." + packer[0];
    const auto made =
        io::run_blocking(io::cmd("bash").arg("-c").arg(std::string(packer) + " -c < '" + path +
                                                       "' > '" + packed + "'"),
                         Budget(std::chrono::seconds(30), packer));
    ASSERT_TRUE(made && made->status.ok()) << (made ? made->err : "");
    const auto opened = open_image_file(packed, {});
    ASSERT_TRUE(opened) << packer << ": " << opened.error().describe();
    EXPECT_EQ(opened->digest, plain->digest) << packer;
    EXPECT_NE(opened->path, packed);
    EXPECT_EQ(open_image_file(packed, {})->path, opened->path) << "unpacked twice";
  }
}

}  // namespace
}  // namespace seatrial::cli
