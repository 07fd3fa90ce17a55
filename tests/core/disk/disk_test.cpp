// SPDX-License-Identifier: Apache-2.0
#include "core/disk/disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/disk/ext.hpp"
#include "core/disk/fat.hpp"
#include "core/io/file.hpp"
#include "core/io/hash.hpp"
#include "core/io/process.hpp"

namespace seatrial::disk {
namespace fs = std::filesystem;
namespace {
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// A 24 MiB GPT disk: FAT partition "resin-boot" with two files, ext4 partition "resin-state" with
/// one.
class DiskTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string script = R"(set -e; cd $DIR; mkdir tree; echo state > tree/marker
truncate -s 24M raw
printf 'label: gpt\n1: start=2048, size=16384, name=resin-boot\n2: start=18432, size=16384, name=resin-state\n' | sfdisk -q raw
truncate -s 8M p1; mkfs.vfat -n RESIN-BOOT p1 >/dev/null
printf '{"uuid":"x"}' > c; MTOOLS_SKIP_CHECK=1 mcopy -i p1 c ::config.json
mke2fs -q -F -t ext4 -L resin-state -d tree p2 8M
dd if=p1 of=raw bs=1M seek=1 conv=notrunc status=none; dd if=p2 of=raw bs=1M seek=9 conv=notrunc status=none
qemu-img convert -f raw -O qcow2 raw base.qcow2; qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 over.qcow2)";
    auto made =
        io::run_checked(io::cmd("bash").arg("-c").arg(script).with_env("DIR", dir_.path().string()),
                        Budget(60s, "the test disk"), "test.setup", Blame::bench);
    ASSERT_TRUE(made.has_value()) << made.error().describe();
  }
  io::TempDir dir_ = io::TempDir::make("disk_test").value();
};

TEST_F(DiskTest, reads_partitions_and_files_of_a_raw_image_in_place) {
  const auto disk = Disk::open(dir_.path() / "raw");
  ASSERT_TRUE(disk.has_value()) << disk.error().describe();
  const auto boot = find_boot_partition(*disk);
  ASSERT_TRUE(boot.has_value());
  EXPECT_EQ(boot->number, 1);
  const Fat fat(disk->window(*boot).value());
  EXPECT_EQ(fat.read("/config.json").value(), "{\"uuid\":\"x\"}");
  const auto ext = Ext::open(disk->window(*disk->by_name("resin-state")).value(), false).value();
  EXPECT_EQ(ext.read("/marker").value(), "state\n");
  EXPECT_THAT(ext.list("/").value(), Contains("marker"));
}

TEST_F(DiskTest, an_edit_of_a_qcow2_overlay_is_written_back_and_leaves_the_base_alone) {
  const auto disk = Disk::open(dir_.path() / "over.qcow2");
  ASSERT_TRUE(disk.has_value()) << disk.error().describe();
  const auto boot = find_boot_partition(*disk).value();
  const auto window = disk->window(boot).value();
  ASSERT_TRUE(Fat(window).write("/system-connections/my lan", "[connection]\n").has_value());
  ASSERT_TRUE(disk->write_back(boot, window).has_value());

  const auto again = Disk::open(dir_.path() / "over.qcow2").value();
  const Fat fat(again.window(boot).value());
  EXPECT_EQ(fat.read("/system-connections/my lan").value(), "[connection]\n");
  EXPECT_THAT(fat.list("/").value(), UnorderedElementsAre("config.json", "system-connections"));
  const auto base = Disk::open(dir_.path() / "base.qcow2").value();
  EXPECT_EQ(Fat(base.window(boot).value()).read("/system-connections/my lan").error().code(),
            "disk.no_such_file");
}

TEST_F(DiskTest, finds_bytes_anywhere_in_a_partition) {
  const auto disk = Disk::open(dir_.path() / "over.qcow2").value();
  EXPECT_EQ(search(disk.window(*disk.by_number(1)).value(), "\"uuid\":\"x\"").value().size(), 1u);
  EXPECT_TRUE(search(disk.window(*disk.by_number(1)).value(), "not there").value().empty());
  const auto raw = Disk::open(dir_.path() / "raw").value();
  EXPECT_EQ(search(raw.window(*raw.by_number(1)).value(), "\"uuid\":\"x\"").value(),
            search(disk.window(*disk.by_number(1)).value(), "\"uuid\":\"x\"").value());
}

TEST_F(DiskTest, an_edited_copy_of_a_raw_image_changes_it_only_when_written_back) {
  const auto disk = Disk::open(dir_.path() / "raw").value();
  const auto boot = find_boot_partition(disk).value();
  const auto before = io::sha256_file(dir_.path() / "raw").value();
  const auto copy = disk.window(boot, /*private_copy=*/true).value();
  ASSERT_TRUE(Fat(copy).write("/config.json", R"({"uuid":"y"})").has_value());
  EXPECT_EQ(io::sha256_file(dir_.path() / "raw").value(), before);
  ASSERT_TRUE(disk.write_back(boot, copy).has_value());
  EXPECT_EQ(Fat(disk.window(boot).value()).read("/config.json").value(), R"({"uuid":"y"})");
}

TEST_F(DiskTest, a_truncated_image_is_told_by_its_table) {
  fs::resize_file(dir_.path() / "raw", 12u << 20);
  EXPECT_EQ(Disk::open(dir_.path() / "raw").error().code(), "image.truncated");
}

TEST_F(DiskTest, the_backing_file_of_an_overlay_that_is_gone_is_told) {
  fs::remove(dir_.path() / "base.qcow2");
  EXPECT_EQ(Disk::open(dir_.path() / "over.qcow2").error().code(), "image.damaged");
}

TEST_F(DiskTest, identifies_file_systems) {
  const auto disk = Disk::open(dir_.path() / "raw").value();
  EXPECT_EQ(identify(disk.window(*disk.by_number(1)).value())->type, "vfat");
  const auto state = identify(disk.window(*disk.by_number(2)).value()).value();
  EXPECT_EQ(state.type, "ext4");
  EXPECT_EQ(state.label, "resin-state");
  EXPECT_EQ(state.uuid.size(), 36u);
}

TEST(Disk, what_is_no_image_is_told_apart) {
  const auto dir = io::TempDir::make("disk_test").value();
  const auto code = [&](const std::string& content) {
    std::ofstream(dir.path() / "f", std::ios::binary) << content;
    return Disk::open(dir.path() / "f").error().code();
  };
  EXPECT_EQ(Disk::open(dir.path() / "none").error().code(), "image.missing");
  EXPECT_EQ(Disk::open(dir.path()).error().code(), "image.not_an_image");
  EXPECT_EQ(code(""), "image.empty");
  EXPECT_EQ(code("hello"), "image.not_an_image");
  EXPECT_EQ(code("\x1f\x8b compressed"), "image.compressed");
  EXPECT_EQ(code("LZIP......"), "image.unknown_compression");
}

}  // namespace
}  // namespace seatrial::disk
