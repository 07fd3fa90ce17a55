// SPDX-License-Identifier: Apache-2.0
#include "core/disk/partition_table.hpp"

#include <gtest/gtest.h>

#include <random>

namespace seatrial::disk {
namespace {

void put(std::string& disk, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) disk[at + i] = static_cast<char>(value >> (8 * i));
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

constexpr std::size_t kSectors = 64;

void put_header(std::string& disk, std::uint64_t lba, std::uint64_t other, std::uint64_t entries) {
  const std::size_t at = lba * 512;
  disk.replace(at, 8, "EFI PART");
  put(disk, at + 12, 92, 4);
  put(disk, at + 16, 0, 4);
  put(disk, at + 24, lba, 8);
  put(disk, at + 32, other, 8);
  put(disk, at + 72, entries, 8);
  put(disk, at + 80, 4, 4);
  put(disk, at + 84, 128, 4);
  put(disk, at + 88, crc32(std::string_view(disk).substr(entries * 512, 512)), 4);
  put(disk, at + 16, crc32(std::string_view(disk).substr(at, 92)), 4);
}

/// One partition "ab" in sectors 40 to 49, primary and backup table.
std::string gpt_disk(std::uint64_t first = 40, std::uint64_t last = 49) {
  std::string disk(kSectors * 512, '\0');
  put(disk, 510, 0xaa55, 2);
  put(disk, 446 + 4, 0xee, 1);
  for (const std::size_t at : {std::size_t{1024}, (kSectors - 2) * 512}) {
    put(disk, at, 0x11, 8);
    put(disk, at + 32, first, 8);
    put(disk, at + 40, last, 8);
    put(disk, at + 56, 'a', 2);
    put(disk, at + 58, 'b', 2);
  }
  put_header(disk, 1, kSectors - 1, 2);
  put_header(disk, kSectors - 1, 1, kSectors - 2);
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

TEST(PartitionTable, a_damaged_primary_gpt_is_read_from_its_backup_with_a_warning) {
  for (const std::size_t at : {512u + 72u, 1024u + 40u}) {  // header, entries
    auto disk = gpt_disk();
    disk[at] = static_cast<char>(disk[at] ^ 1);
    const auto table = read(disk);
    ASSERT_TRUE(table.has_value()) << table.error().describe();
    EXPECT_EQ(table->partitions.at(0).start, 40u * 512);
    EXPECT_EQ(table->warnings.size(), 1u);
  }
}

TEST(PartitionTable, two_damaged_gpts_are_told) {
  auto disk = gpt_disk();
  disk[512 + 72] = disk[(kSectors - 1) * 512 + 72] = 9;
  EXPECT_EQ(read(disk).error().code(), "image.bad_partition_table");
}

TEST(PartitionTable, impossible_extents_are_refused) {
  EXPECT_EQ(read(gpt_disk(49, 40)).error().code(), "image.bad_partition_table");
  EXPECT_EQ(read(gpt_disk(40, UINT64_MAX)).error().code(), "image.bad_partition_table");
  EXPECT_EQ(read(gpt_disk(0, 4)).error().code(), "image.bad_partition_table");
  EXPECT_EQ(read(gpt_disk(40, 1u << 30)).error().code(), "image.truncated");
}

TEST(PartitionTable, a_boot_sector_of_a_file_system_is_no_table) {
  std::string disk(4096, 'x');
  put(disk, 510, 0xaa55, 2);
  EXPECT_EQ(read(disk).error().code(), "image.not_an_image");
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
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string disk = good;
    for (int k = 0; k < 4; ++k) disk[random() % 1536] = static_cast<char>(random());
    if (i % 2 == 0) put_header(disk, 1, kSectors - 1, 2);  // checksums that fit the nonsense
    if (i % 3 == 0) put(disk, 446 + 4, random() % 256, 1);
    const auto table = read(disk);
    if (!table) {
      ++refused;
      continue;
    }
    EXPECT_LE(table->partitions.size(), 128u);
    for (const auto& part : table->partitions) EXPECT_LE(part.start + part.size, disk.size());
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace seatrial::disk
