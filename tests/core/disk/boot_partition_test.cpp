// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/disk/disk.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::disk {
namespace {

using namespace std::chrono_literals;

/// A disk of two 4 MiB partitions, made by a shell script that fills files p1 and p2.
struct Row {
  const char* name;
  const char* table;  ///< sfdisk script
  const char* fill;   ///< shell
  int expected;       ///< number of the boot partition; 0: image.no_boot_partition
  bool warned;
};

constexpr auto gpt_plain =
    "label: gpt\n1: start=2048, size=8192, name=one\n2: start=10240, size=8192, name=two\n";
constexpr auto gpt_named =
    "label: gpt\n1: start=2048, size=8192, name=one\n2: start=10240, size=8192, name=balena-boot\n";
constexpr auto mbr_plain =
    "label: dos\n1: start=2048, size=8192, type=c\n2: start=10240, size=8192, type=c\n";

class BootPartitionRule : public testing::TestWithParam<Row> {};

TEST_P(BootPartitionRule, chooses_as_the_tools_of_balena_do) {
  const auto& row = GetParam();
  const auto dir = io::TempDir::make("boot_partition_test").value();
  const std::string script =
      std::string("set -e; cd $DIR; truncate -s 4M p1 p2; export MTOOLS_SKIP_CHECK=1;") + row.fill +
      "\ntruncate -s 10M disk; printf \"$TABLE\" | sfdisk -q disk;"
      "dd if=p1 of=disk bs=1M seek=1 conv=notrunc status=none;"
      "dd if=p2 of=disk bs=1M seek=5 conv=notrunc status=none";
  const auto made = io::run_checked(io::cmd("bash")
                                        .arg("-c")
                                        .arg(script)
                                        .with_env("DIR", dir.path().string())
                                        .with_env("TABLE", row.table),
                                    Budget(60s, "the test disk"), "test.setup", Blame::bench);
  ASSERT_TRUE(made.has_value()) << made.error().describe();
  const auto disk = Disk::open(dir.path() / "disk");
  ASSERT_TRUE(disk.has_value()) << disk.error().describe();
  const auto found = locate_boot_partition(*disk);
  if (row.expected == 0) {
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code(), "image.no_boot_partition");
    return;
  }
  ASSERT_TRUE(found.has_value()) << found.error().describe();
  EXPECT_EQ(found->partition.number, row.expected);
  EXPECT_EQ(!found->warning.empty(), row.warned);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BootPartitionRule,
    testing::Values(Row{"by_gpt_name", gpt_named,
                        "mkfs.vfat p1 >/dev/null; mkfs.vfat p2 >/dev/null", 2, false},
                    Row{"by_fat_label", mbr_plain,
                        "mkfs.vfat p1 >/dev/null; mkfs.vfat -n RESIN-BOOT p2 >/dev/null", 2, false},
                    Row{"by_device_type", gpt_plain,
                        "mkfs.vfat p1 >/dev/null; mkfs.vfat p2 >/dev/null; echo {} > d; mcopy -i "
                        "p2 d ::device-type.json",
                        2, false},
                    Row{"the_first_as_a_guess", gpt_plain,
                        "mkfs.vfat p1 >/dev/null; mkfs.vfat p2 >/dev/null", 1, true},
                    Row{"none", gpt_plain, "mke2fs -q -F p1; mke2fs -q -F p2", 0, false}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace seatrial::disk
