// SPDX-License-Identifier: Apache-2.0
#include "core/disk/partition_table.hpp"

#include <gtest/gtest.h>

#include <random>

namespace seatrial::disk {
namespace {

void put(std::string& disk, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) disk[at + i] = static_cast<char>(value >> (8 * i));
}

std::string gpt_disk() {
  std::string disk(64 * 512, '\0');
  put(disk, 510, 0xaa55, 2);
  disk.replace(512, 8, "EFI PART");
  put(disk, 512 + 72, 2, 8);
  put(disk, 512 + 80, 4, 4);
  put(disk, 512 + 84, 128, 4);
  put(disk, 1024, 0x11, 16 > 8 ? 8 : 8);
  put(disk, 1024 + 32, 40, 8);
  put(disk, 1024 + 40, 49, 8);
  put(disk, 1024 + 56, 'a', 2);
  put(disk, 1024 + 58, 'b', 2);
  return disk;
}

Result<PartitionTable> read(const std::string& disk) {
  return read_partition_table(
      [&](std::uint64_t offset, std::size_t size) -> Result<std::string> {
        return offset >= disk.size() ? std::string() : disk.substr(offset, size);
      },
      disk.size());
}

TEST(PartitionTable, reads_a_gpt) {
  const auto table = read(gpt_disk());
  ASSERT_TRUE(table.has_value()) << table.error().describe();
  ASSERT_EQ(table->partitions.size(), 1u);
  EXPECT_EQ(table->partitions[0].name, "ab");
  EXPECT_EQ(table->partitions[0].start, 40u * 512);
  EXPECT_EQ(table->partitions[0].size, 10u * 512);
}

TEST(PartitionTable, a_partition_beyond_the_end_means_a_truncated_image) {
  const auto table = read(gpt_disk().substr(0, 45 * 512));
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().code(), "image.truncated");
}

TEST(PartitionTable, reads_an_mbr_with_logical_partitions_and_survives_a_loop) {
  std::string disk(200 * 512, '\0');
  put(disk, 510, 0xaa55, 2);
  put(disk, 446 + 4, 0x83, 1), put(disk, 446 + 8, 2, 4), put(disk, 446 + 12, 10, 4);
  put(disk, 462 + 4, 0x0f, 1), put(disk, 462 + 8, 20, 4), put(disk, 462 + 12, 100, 4);
  const std::size_t ebr = 20 * 512;
  put(disk, ebr + 510, 0xaa55, 2);
  put(disk, ebr + 446 + 4, 0x83, 1), put(disk, ebr + 446 + 8, 1, 4),
      put(disk, ebr + 446 + 12, 5, 4);
  put(disk, ebr + 462 + 8, 0, 4), put(disk, ebr + 462 + 12, 1, 4);  // links to itself
  const auto table = read(disk);
  ASSERT_TRUE(table.has_value()) << table.error().describe();
  ASSERT_EQ(table->partitions.size(), 3u);
  EXPECT_EQ(table->partitions[2].number, 5);
  EXPECT_EQ(table->partitions[2].start, 21u * 512);
}

TEST(PartitionTable, no_table_is_no_image) {
  EXPECT_EQ(read(std::string(4096, '\0')).error().code(), "image.not_an_image");
  EXPECT_EQ(read("").error().code(), "image.not_an_image");
}

TEST(PartitionTable, hostile_bytes_crash_nothing) {
  std::mt19937 random(7);
  const std::string good = gpt_disk();
  for (int i = 0; i < 20000; ++i) {
    std::string disk = good;
    for (int k = 0; k < 4; ++k) disk[random() % 1536] = static_cast<char>(random());
    (void)read(disk);
  }
}

}  // namespace
}  // namespace seatrial::disk
