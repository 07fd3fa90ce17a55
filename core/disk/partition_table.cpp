// SPDX-License-Identifier: Apache-2.0
#include "core/disk/partition_table.hpp"

#include <fmt/format.h>

#include <cstring>

namespace seatrial::disk {
namespace {

constexpr std::size_t kSector = 512;
constexpr std::uint32_t kMostEntries = 256;
constexpr int kMostLogical = 60;

std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

std::string guid(std::string_view bytes) {
  return fmt::format("{:08X}-{:04X}-{:04X}-{:04X}-{:04X}{:08X}", little(bytes, 0, 4),
                     little(bytes, 4, 2), little(bytes, 6, 2),
                     (little(bytes, 8, 1) << 8) | little(bytes, 9, 1),
                     (little(bytes, 10, 1) << 8) | little(bytes, 11, 1),
                     (little(bytes, 12, 1) << 24) | (little(bytes, 13, 1) << 16) |
                         (little(bytes, 14, 1) << 8) | little(bytes, 15, 1));
}

/// GPT names are UTF-16LE; the ones that matter here are ASCII, others become '?'.
std::string gpt_name(std::string_view bytes) {
  std::string name;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const auto unit = little(bytes, i, 2);
    if (unit == 0) break;
    name += unit < 0x80 && unit >= 0x20 ? static_cast<char>(unit) : '?';
  }
  return name;
}

Failure broken_table(const std::string& what) {
  return Failure("image.bad_partition_table", Blame::suite,
                 "the partition table is broken: " + what, "check that the image is complete");
}

Result<PartitionTable> read_gpt(const ReadAt& read, std::uint64_t disk_size) {
  TRY(const auto header, read(kSector, kSector));
  if (header.size() < kSector) return broken_table("the GPT header is cut off");
  const auto lba = little(header, 72, 8);
  const auto count = static_cast<std::uint32_t>(little(header, 80, 4));
  const auto entry_size = little(header, 84, 4);
  if (entry_size < 128 || entry_size > 4096 || lba > disk_size / kSector)
    return broken_table("the GPT header has impossible values");
  const auto used = std::min(count, kMostEntries);
  TRY(const auto entries, read(lba * kSector, used * entry_size));
  PartitionTable table{"gpt", {}};
  for (std::uint32_t i = 0; i < used && (i + 1) * entry_size <= entries.size(); ++i) {
    const std::string_view entry(entries.data() + i * entry_size, entry_size);
    if (entry.substr(0, 16) == std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)) continue;
    const auto first = little(entry, 32, 8), last = little(entry, 40, 8);
    if (last < first || first > UINT64_MAX / kSector / 2 || last > UINT64_MAX / kSector / 2)
      return broken_table(fmt::format("partition {} ends before it begins", i + 1));
    Partition partition{static_cast<int>(i + 1), gpt_name(entry.substr(56, 72)), guid(entry),
                        first * kSector, (last - first + 1) * kSector};
    if (partition.start + partition.size > disk_size)
      return Failure("image.truncated", Blame::suite,
                     fmt::format("partition {} ends at byte {}, but the disk has only {}",
                                 partition.number, partition.start + partition.size, disk_size),
                     "the image is incomplete: download or build it again");
    table.partitions.push_back(std::move(partition));
  }
  return table;
}

Partition mbr_entry(std::string_view sector, int slot, int number, std::uint64_t base) {
  const std::string_view entry = sector.substr(446 + 16 * static_cast<std::size_t>(slot), 16);
  return {number, "", fmt::format("0x{:02x}", little(entry, 4, 1)),
          (base + little(entry, 8, 4)) * kSector, little(entry, 12, 4) * kSector};
}

bool extended(const Partition& partition) {
  return partition.type == "0x05" || partition.type == "0x0f" || partition.type == "0x85";
}

Result<PartitionTable> read_mbr(const ReadAt& read, std::string_view sector,
                                std::uint64_t disk_size) {
  PartitionTable table{"mbr", {}};
  for (int slot = 0; slot < 4; ++slot) {
    auto partition = mbr_entry(sector, slot, slot + 1, 0);
    if (partition.size == 0) continue;
    if (partition.start + partition.size > disk_size)
      return Failure("image.truncated", Blame::suite,
                     fmt::format("partition {} reaches beyond the end of the disk", slot + 1),
                     "the image is incomplete: download or build it again");
    table.partitions.push_back(partition);
    if (!extended(partition)) continue;
    const std::uint64_t first = partition.start / kSector;
    std::uint64_t next = first;
    for (int number = 5; number < 5 + kMostLogical; ++number) {
      TRY(const auto ebr, read(next * kSector, kSector));
      if (ebr.size() < kSector || little(ebr, 510, 2) != 0xaa55) break;
      auto logical = mbr_entry(ebr, 0, number, next);
      if (logical.size != 0 && logical.start + logical.size <= disk_size)
        table.partitions.push_back(std::move(logical));
      const auto link = mbr_entry(ebr, 1, 0, first);
      if (link.size == 0 || link.start / kSector <= next) break;  // a link back would never end
      next = link.start / kSector;
    }
  }
  if (table.partitions.empty())
    return Failure("image.not_an_image", Blame::suite,
                   "there is a boot sector but no partition in it", "give a disk image of an OS");
  return table;
}

}  // namespace

Result<PartitionTable> read_partition_table(const ReadAt& read, std::uint64_t disk_size) {
  TRY(const auto head, read(0, 2 * kSector));
  if (head.size() < kSector || little(head, 510, 2) != 0xaa55)
    return Failure("image.not_an_image", Blame::suite, "there is no partition table at the start",
                   "give a disk image of an OS, not a file system or an archive");
  if (head.size() == 2 * kSector && head.compare(kSector, 8, "EFI PART") == 0)
    return read_gpt(read, disk_size);
  return read_mbr(read, head, disk_size);
}

}  // namespace seatrial::disk
