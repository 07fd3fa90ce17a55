// SPDX-License-Identifier: Apache-2.0
#pragma once
// Partition tables as they lie on a disk: GPT (UEFI 2.10 section 5.3) and MBR with logical
// partitions. The bytes are foreign: every field is checked against the size of the disk, and
// nothing is read beyond fixed bounds. A GPT whose checksums are wrong is read from its backup,
// with a warning, as the kernel does.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::disk {

struct Partition {
  int number = 0;           ///< as the kernel counts: GPT entry, MBR slot, 5.. for logical ones
  std::string name;         ///< GPT name; "" for MBR
  std::string type;         ///< GPT type GUID in upper case, or MBR type as "0x83"
  std::uint64_t start = 0;  ///< bytes
  std::uint64_t size = 0;   ///< bytes
  std::string uuid;         ///< GPT partition GUID in lower case; "" for MBR
};

struct PartitionTable {
  std::string scheme;  ///< "gpt" or "mbr"
  std::vector<Partition> partitions;
  std::string disk_id;                ///< disk GUID, or the 8 digits of an MBR
  std::vector<std::string> warnings;  ///< what was odd, but could be read
};

/// Reads `size` bytes at `offset`; fewer only at the end of the disk.
using ReadAt = std::function<Result<std::string>(std::uint64_t offset, std::size_t size)>;

/// Fails with "image.not_an_image" when there is neither a GPT nor an MBR, with "image.truncated"
/// when a partition ends behind the disk, with "image.bad_partition_table" when the table
/// contradicts itself.
Result<PartitionTable> read_partition_table(const ReadAt& read, std::uint64_t disk_size);

}  // namespace seatrial::disk
