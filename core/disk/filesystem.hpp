// SPDX-License-Identifier: Apache-2.0
#pragma once
// What file system a partition holds, by its magic bytes: FAT, ext2/3/4, squashfs, swap, LUKS, ...
// with label and UUID. Untrusted bytes; nothing is believed but what is shown.

#include <cstdint>
#include <string>

#include "core/disk/partition_table.hpp"

namespace seatrial::disk {

struct FilesystemInfo {
  std::string type;  ///< "vfat", "ext4", "squashfs", ...; empty when unknown or none
  std::string label;
  std::string uuid;            ///< "1A2B-3C4D" for FAT
  bool dirty_journal = false;  ///< ext: the journal holds what is not yet in place
};

/// `read` and `size` speak of the partition. Unreadable partitions count as unknown.
FilesystemInfo probe_filesystem(const ReadAt& read, std::uint64_t size);

}  // namespace seatrial::disk
