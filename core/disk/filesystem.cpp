// SPDX-License-Identifier: Apache-2.0
#include "core/disk/filesystem.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/disk/bytes.hpp"

namespace seatrial::disk {
namespace {

constexpr std::size_t probed = 4096;

FilesystemInfo ext(std::string_view block) {
  const std::string_view super = block.substr(1024);
  const auto compat = le32(super, 0x5c), incompat = le32(super, 0x60),
             ro_compat = le32(super, 0x64);
  constexpr std::uint32_t has_journal = 0x4, needs_recovery = 0x4, extents = 0x40, later = 0x7f8;
  FilesystemInfo out;
  out.type = (incompat & extents) != 0 || (ro_compat & later) != 0 ? "ext4"
             : (compat & has_journal) != 0                         ? "ext3"
                                                                   : "ext2";
  out.uuid = uuid_text(super.substr(0x68, 16));
  out.label = field_text(super.substr(0x78, 16));
  out.dirty_journal = (incompat & needs_recovery) != 0;
  return out;
}

/// The boot record of FAT12/16 keeps label and id at 0x27, that of FAT32 at 0x43.
FilesystemInfo fat(std::string_view block) {
  const bool fat32 = block.substr(0x52, 5) == "FAT32";
  const std::size_t at = fat32 ? 0x43 : 0x27;
  FilesystemInfo out;
  out.type = "vfat";
  out.uuid = fmt::format("{:04X}-{:04X}", le16(block, at + 2), le16(block, at));
  out.label = field_text(block.substr(at + 4, 11));
  if (out.label == "NO NAME") out.label.clear();
  return out;
}

bool looks_like_fat(std::string_view block) {
  const unsigned bytes = le16(block, 11), cluster = static_cast<unsigned char>(block[13]);
  const unsigned fats = static_cast<unsigned char>(block[16]);
  return le16(block, 510) == 0xAA55 &&
         (bytes == 512 || bytes == 1024 || bytes == 2048 || bytes == 4096) && cluster != 0 &&
         (cluster & (cluster - 1)) == 0 && (fats == 1 || fats == 2) &&
         (block.substr(0x36, 3) == "FAT" || block.substr(0x52, 5) == "FAT32");
}

}  // namespace

FilesystemInfo probe_filesystem(const ReadAt& read, std::uint64_t size) {
  FilesystemInfo out;
  if (size < probed) return out;
  const auto bytes = read(0, probed);
  if (!bytes || bytes->size() < probed) return out;
  const std::string_view block = *bytes;
  if (le16(block, 1024 + 0x38) == 0xEF53) return ext(block);
  if (looks_like_fat(block)) return fat(block);
  if (block.starts_with("hsqs")) out.type = "squashfs";
  if (block.starts_with("LUKS\xba\xbe")) out.type = "luks";
  if (block.substr(probed - 10) == "SWAPSPACE2") out.type = "swap";
  if (le32(block, 1024) == 0xE0F5E1E2) out.type = "erofs";
  return out;
}

}  // namespace seatrial::disk
