// SPDX-License-Identifier: Apache-2.0
// The first bytes of a disk: partition tables, and the file systems in what they name.
#include "core/disk/partition_table.hpp"
#include "core/disk/filesystem.hpp"
#include "core/disk/unpack.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace seatrial::fuzz {
namespace {

constexpr std::size_t kSector = 512;

/// A disk that begins with these bytes and has zeros behind them.
disk::ReadAt reader(std::string_view bytes, std::uint64_t disk_size, std::size_t& asked) {
  return [=, &asked](std::uint64_t offset, std::size_t size) -> Result<std::string> {
    check(++asked < 5000, "a disk is read without end");
    check(size <= (64u << 20), "memory by the word of a disk");
    if (offset >= disk_size) return std::string();
    std::string out(static_cast<std::size_t>(std::min<std::uint64_t>(size, disk_size - offset)),
                    '\0');
    if (offset < bytes.size()) {
      const auto part = bytes.substr(static_cast<std::size_t>(offset), out.size());
      out.replace(0, part.size(), part);
    }
    return out;
  };
}

void look(std::string_view bytes, std::uint64_t disk_size) {
  std::size_t asked = 0;
  const auto read = reader(bytes, disk_size, asked);
  const auto table = disk::read_partition_table(read, disk_size);
  if (!table) {
    check(table.error().code().starts_with("image."), "a strange code: " + table.error().code());
    return;
  }
  check(table->partitions.size() <= 1024, "more partitions than a table may have");
  for (const auto& partition : table->partitions) {
    check(partition.size > 0 && partition.start < disk_size &&
              partition.size <= disk_size - partition.start,
          "a partition ends behind the disk");
    check(partition.number > 0 && printable(partition.name) && printable(partition.type),
          "a partition's name is not fit to be shown");
    const auto start = partition.start;
    const auto found = disk::probe_filesystem(
        [&](std::uint64_t at, std::size_t size) { return read(start + at, size); }, partition.size);
    check(printable(found.label) && printable(found.uuid) && printable(found.type),
          "a label is not fit to be shown");
  }
}

void run(std::string_view bytes) {
  look(bytes, bytes.size());
  look(bytes, 1ull << 31);
  std::size_t asked = 0;
  const auto bare = disk::probe_filesystem(reader(bytes, bytes.size(), asked), bytes.size());
  check(printable(bare.label) && printable(bare.uuid), "a label is not fit to be shown");
  (void)disk::compression_of(bytes.substr(0, 512), "os.img");
}

void put(std::string& into, std::size_t at, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) into[at + i] = static_cast<char>(value >> 8 * i);
}

/// Two partitions, one of them extended with a logical one in it.
std::string mbr() {
  std::string out(64 * kSector, '\0');
  const auto entry = [&](std::size_t sector, int slot, int type, unsigned first, unsigned count) {
    const auto at = sector * kSector + 446 + static_cast<std::size_t>(slot) * 16;
    out[at + 4] = static_cast<char>(type);
    put(out, at + 8, first, 4);
    put(out, at + 12, count, 4);
    put(out, sector * kSector + 510, 0xaa55, 2);
  };
  entry(0, 0, 0x0c, 8, 16);
  entry(0, 1, 0x05, 32, 32);
  entry(32, 0, 0x83, 2, 8);
  entry(32, 1, 0x05, 16, 16);
  entry(48, 0, 0x82, 2, 8);
  return out;
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const unsigned char c : bytes) {
    crc ^= c;
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

/// A GPT of two entries on 64 sectors, its backup where it belongs.
std::string gpt() {
  constexpr std::size_t sectors = 64, entries = 2 * 128;
  std::string out(sectors * kSector, '\0');
  put(out, 446 + 4, 0xee, 1);
  put(out, 446 + 8, 1, 4);
  put(out, 446 + 12, sectors - 1, 4);
  put(out, 510, 0xaa55, 2);
  std::string table(entries, '\0');
  for (int i = 0; i < 2; ++i) {
    const auto at = static_cast<std::size_t>(i) * 128;
    table.replace(at, 16, "\xaf\x3d\xc6\x0f\x83\x84\x72\x47\x8e\x79\x3d\x69\xd8\x47\x7d\xe4");
    table[at + 16] = static_cast<char>(i + 1);
    put(table, at + 32, 8 + i * 16, 8);
    put(table, at + 40, 8 + i * 16 + 15, 8);
    for (std::size_t c = 0; c < 5; ++c) table[at + 56 + 2 * c] = "resin"[c];
  }
  const auto header = [&](std::uint64_t mine, std::uint64_t other, std::uint64_t list) {
    std::string head(92, '\0');
    head.replace(0, 8, "EFI PART");
    put(head, 8, 0x10000, 4);
    put(head, 12, 92, 4);
    put(head, 24, mine, 8);
    put(head, 32, other, 8);
    put(head, 40, 4, 8);
    put(head, 48, sectors - 4, 8);
    put(head, 72, list, 8);
    put(head, 80, 2, 4);
    put(head, 84, 128, 4);
    put(head, 88, crc32(table), 4);
    put(head, 16, crc32(head), 4);
    out.replace(mine * kSector, head.size(), head);
    out.replace(list * kSector, table.size(), table);
  };
  header(1, sectors - 1, 2);
  header(sectors - 1, 1, sectors - 2);
  return out;
}

/// Boot sector of a FAT, superblock of an ext4, start of a squashfs: enough to be recognised.
std::string fat() {
  std::string out(8 * kSector, '\0');
  out.replace(0, 11, std::string_view("\xeb\x3c\x90mkfs.fat", 11));
  put(out, 11, 512, 2);
  out[13] = 4;
  put(out, 14, 4, 2);
  out[16] = 2;
  put(out, 17, 512, 2);
  put(out, 19, 8000, 2);
  out[21] = static_cast<char>(0xf8);
  put(out, 22, 8, 2);
  out[38] = 0x29;
  put(out, 39, 0x1a2b3c4d, 4);
  out.replace(43, 11, "resin-boot ");
  out.replace(54, 8, "FAT16   ");
  put(out, 510, 0xaa55, 2);
  return out;
}
std::string ext4() {
  std::string out(8 * kSector, '\0');
  put(out, 1024 + 0, 128, 4);
  put(out, 1024 + 4, 4096, 4);
  put(out, 1024 + 56, 0xef53, 2);
  put(out, 1024 + 92, 4, 4);
  put(out, 1024 + 96, 0x46, 4);
  out.replace(1024 + 120, 8, "resin\x1b[m");
  return out;
}

const Registration registration({"partition_table",
                                 run,
                                 {mbr(), gpt(), fat(), ext4(), "hsqs" + std::string(100, '\1')},
                                 {"EFI PART", "\x55\xaa", "\xff\xff\xff\xff", "\xff\xff\xff\x7f",
                                  std::string(8, '\0'), "LUKS\xba\xbe", "SWAPSPACE2"},
                                 20000});

}  // namespace
}  // namespace seatrial::fuzz
