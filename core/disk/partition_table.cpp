// SPDX-License-Identifier: Apache-2.0
#include "core/disk/partition_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "core/disk/bytes.hpp"

namespace seatrial::disk {
namespace {

constexpr std::uint64_t sector = 512;
constexpr std::size_t most_partitions = 128;
constexpr std::size_t most_entry_bytes = 1u << 20;

struct GptHeader {
  std::uint64_t backup_lba, first_usable, last_usable, entries_lba;
  std::uint32_t entry_count, entry_size, entries_crc;
  std::string disk_id;
};

Failure bad_table(std::string what) {
  return Failure("image.bad_partition_table", Blame::suite,
                 "the partition table is broken: " + std::move(what),
                 "the image is damaged: fetch or build it again");
}

Failure no_table(std::string_view found) {
  return Failure("image.not_an_image", Blame::suite, fmt::format("there is {}", found),
                 "give a disk image of an OS, not a file system or an archive");
}

Failure beyond_the_end(int number, std::uint64_t end, std::uint64_t size) {
  return Failure(
      "image.truncated", Blame::suite,
      fmt::format("partition {} ends at byte {}, the image has only {}", number, end, size),
      "the image is cut short: fetch or build it again");
}

/// A reader may give fewer bytes at the end of the disk.
Result<std::string> read_exactly(const ReadAt& read, std::uint64_t offset, std::size_t size) {
  TRY(auto bytes, read(offset, size));
  if (bytes.size() == size) return bytes;
  return Failure("image.truncated", Blame::suite,
                 fmt::format("the image ends at byte {}", offset + bytes.size()),
                 "the image is cut short: fetch or build it again");
}

std::uint32_t crc32(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t i = 0; i < out.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit)
        value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320u : 0u);
      out[i] = value;
    }
    return out;
  }();
  std::uint32_t crc = ~0u;
  for (const unsigned char byte : bytes) crc = table[(crc ^ byte) & 0xff] ^ (crc >> 8);
  return ~crc;
}

std::string guid(std::string_view raw, bool upper) {
  // The first three fields are little-endian.
  static constexpr int order[] = {3,  2, 1, 0,  -1, 5,  4,  -1, 7,  6,
                                  -1, 8, 9, -1, 10, 11, 12, 13, 14, 15};
  std::string out;
  for (const int at : order) {
    if (at < 0)
      out += '-';
    else if (upper)
      out += fmt::format("{:02X}", static_cast<unsigned char>(raw[static_cast<std::size_t>(at)]));
    else
      out += fmt::format("{:02x}", static_cast<unsigned char>(raw[static_cast<std::size_t>(at)]));
  }
  return out;
}

Result<GptHeader> parse_header(std::string block, std::uint64_t lba) {
  if (!block.starts_with("EFI PART")) return bad_table("no GPT header");
  const auto size = le32(block, 12);
  if (size < 92 || size > block.size()) return bad_table("the GPT header has a wrong size");
  const auto crc = le32(block, 16);
  auto summed = block.substr(0, size);
  std::fill_n(summed.begin() + 16, 4, '\0');
  if (crc32(summed) != crc) return bad_table("the checksum of the GPT header is wrong");
  if (le64(block, 24) != lba) return bad_table("the GPT header names another place than its own");
  GptHeader out{
      le64(block, 32), le64(block, 40), le64(block, 48), le64(block, 72),
      le32(block, 80), le32(block, 84), le32(block, 88), guid(block.substr(56, 16), false)};
  const bool sane = out.entry_size >= 128 && out.entry_size % 8 == 0 && out.entry_count > 0 &&
                    std::uint64_t{out.entry_count} * out.entry_size <= most_entry_bytes;
  if (!sane) return bad_table("the GPT header describes impossible entries");
  return out;
}

Result<PartitionTable> gpt_at(const ReadAt& read, std::uint64_t lba, std::uint64_t disk_size) {
  if (lba > disk_size / sector - 1) return bad_table("the GPT header lies behind the end");
  TRY(auto block, read_exactly(read, lba * sector, sector));
  TRY(auto header, parse_header(std::move(block), lba));
  const std::uint64_t bytes = std::uint64_t{header.entry_count} * header.entry_size;
  if (header.entries_lba > disk_size / sector || header.entries_lba * sector + bytes > disk_size)
    return bad_table("the GPT entries lie behind the end");
  TRY(auto entries, read_exactly(read, header.entries_lba * sector, bytes));
  if (crc32(entries) != header.entries_crc)
    return bad_table("the checksum of the GPT entries is wrong");
  PartitionTable table;
  table.scheme = "gpt";
  table.disk_id = header.disk_id;
  for (std::uint32_t i = 0; i < header.entry_count && table.partitions.size() < most_partitions;
       ++i) {
    const std::string_view entry(entries.data() + std::size_t{i} * header.entry_size,
                                 header.entry_size);
    if (entry.substr(0, 16).find_first_not_of('\0') == std::string_view::npos) continue;
    Partition part;
    part.number = static_cast<int>(i + 1);
    part.type = guid(entry.substr(0, 16), true);
    part.uuid = guid(entry.substr(16, 16), false);
    part.name = utf16le_text(entry.substr(56, 72));
    const auto first = le64(entry, 32), last = le64(entry, 40);
    if (last < first || first == 0 || last >= (std::uint64_t{1} << 54))
      return bad_table(fmt::format("GPT entry {} has an impossible extent", part.number));
    part.start = first * sector;
    part.size = (last - first + 1) * sector;
    if (part.start + part.size > disk_size)
      return beyond_the_end(part.number, part.start + part.size, disk_size);
    table.partitions.push_back(std::move(part));
  }
  return table;
}

struct MbrEntry {
  unsigned type;
  std::uint64_t first, count;
};
MbrEntry mbr_entry(std::string_view block, std::size_t index) {
  const std::size_t at = 446 + index * 16;
  return {static_cast<unsigned char>(block[at + 4]), le32(block, at + 8), le32(block, at + 12)};
}
bool is_extended(unsigned type) { return type == 0x05 || type == 0x0f || type == 0x85; }

Result<> add_mbr(PartitionTable& table, int number, const MbrEntry& entry, std::uint64_t base,
                 std::uint64_t disk_size) {
  Partition part;
  part.number = number;
  part.type = fmt::format("0x{:02x}", entry.type);
  part.start = (base + entry.first) * sector;
  part.size = entry.count * sector;
  if (part.start + part.size > disk_size)
    return beyond_the_end(number, part.start + part.size, disk_size);
  table.partitions.push_back(std::move(part));
  return {};
}

/// Logical partitions: a chain of boot records inside the extended one.
Result<> add_logical(PartitionTable& table, const ReadAt& read, const MbrEntry& extended,
                     std::uint64_t disk_size) {
  std::uint64_t next = 0;
  for (int number = 5; table.partitions.size() < most_partitions; ++number) {
    const std::uint64_t at = (extended.first + next) * sector;
    if (at + sector > disk_size) return bad_table("a logical partition lies behind the end");
    TRY(auto block, read_exactly(read, at, sector));
    if (le16(block, 510) != 0xAA55) return bad_table("the chain of logical partitions is broken");
    const auto entry = mbr_entry(block, 0), link = mbr_entry(block, 1);
    if (entry.type != 0 && entry.count > 0)
      CHECK_OK(add_mbr(table, number, entry, extended.first + next, disk_size));
    if (!is_extended(link.type) || link.first <= next) return {};  // going back would loop
    next = link.first;
  }
  return {};
}

Result<PartitionTable> parse_mbr(const ReadAt& read, std::string_view block,
                                 std::uint64_t disk_size) {
  PartitionTable table;
  table.scheme = "mbr";
  table.disk_id = fmt::format("{:08x}", le32(block, 440));
  MbrEntry extended{};
  for (int i = 0; i < 4; ++i) {
    const auto entry = mbr_entry(block, static_cast<std::size_t>(i));
    const unsigned flag = static_cast<unsigned char>(block[446 + static_cast<std::size_t>(i) * 16]);
    if (flag != 0 && flag != 0x80) return no_table("a boot sector, but no partition table");
    if (entry.type == 0 || entry.count == 0) continue;
    CHECK_OK(add_mbr(table, i + 1, entry, 0, disk_size));
    if (is_extended(entry.type)) extended = entry;
  }
  if (extended.count > 0) CHECK_OK(add_logical(table, read, extended, disk_size));
  if (table.partitions.empty()) return no_table("a boot sector, but no partition in it");
  return table;
}

bool is_protective(std::string_view block) {
  for (std::size_t i = 0; i < 4; ++i)
    if (mbr_entry(block, i).type == 0xEE) return true;
  return false;
}

}  // namespace

Result<PartitionTable> read_partition_table(const ReadAt& read, std::uint64_t disk_size) {
  if (disk_size < 2 * sector) return no_table("fewer than 1024 bytes");
  TRY(auto block, read_exactly(read, 0, sector));
  if (le16(block, 510) != 0xAA55) return no_table("no partition table at the start");
  if (!is_protective(block)) return parse_mbr(read, block, disk_size);
  auto primary = gpt_at(read, 1, disk_size);
  if (primary || primary.error().code() == "image.truncated") return primary;
  auto backup = gpt_at(read, disk_size / sector - 1, disk_size);
  if (!backup) return primary;  // the first failure is the one to tell
  backup->warnings.push_back("the primary GPT is damaged (" + primary.error().what() +
                             "); its backup was read");
  return backup;
}

}  // namespace seatrial::disk
