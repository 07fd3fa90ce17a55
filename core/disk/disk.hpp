// SPDX-License-Identifier: Apache-2.0
#pragma once
// Disk: a disk image (raw, or qcow2 with backing files) or block device, read and edited without
// mounting it and without the OS on it. Partitions of a qcow2 file are looked at through a raw copy
// of just that window (qemu-img); edits of such a copy are written back. Nobody else may have the
// disk open for writing meanwhile. Blocking.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/disk/partition_table.hpp"

namespace seatrial::disk {

/// The bytes of one partition as a region of a raw file; a private copy when `copy` is set.
struct Window {
  std::filesystem::path file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::shared_ptr<void> copy;  ///< keeps the temporary folder
};

class Disk {
 public:
  /// Fails with image.missing, image.empty, image.truncated, image.not_an_image or
  /// image.unknown_compression.
  static Result<Disk> open(const std::filesystem::path& path);

  const PartitionTable& table() const { return table_; }
  std::uint64_t size() const { return size_; }
  const std::string& format() const { return format_; }
  const std::filesystem::path& path() const { return path_; }
  const Partition* by_number(int number) const;
  const Partition* by_name(const std::string& gpt_name) const;

  /// The partition for reading; for a raw disk in place, else a copy. `private_copy` forces one (to
  /// replay a journal).
  Result<Window> window(const Partition& partition, bool private_copy = false) const;
  /// Puts an edited window of a qcow2 disk back; a window in place needs nothing.
  Result<> write_back(const Partition& partition, const Window& window) const;

 private:
  std::filesystem::path path_;
  std::string format_;
  std::uint64_t size_ = 0;
  PartitionTable table_;
};

/// The boot partition by the rule of balena's configuration tools: GPT name or FAT label in
/// {resin-boot, flash-boot, balena-boot}; else the first FAT partition that holds
/// /device-type.json; else "image.no_boot_partition".
Result<Partition> find_boot_partition(const Disk& disk);

/// "vfat", "ext4", "squashfs", ... or "" by the magic bytes; and the volume label.
struct FilesystemInfo {
  std::string type, label, uuid;
};
Result<FilesystemInfo> identify(const Window& window);

/// Offsets (from the start of the window) of every occurrence of `needle`, at most `most`.
Result<std::vector<std::uint64_t>> search(const Window& window, const std::string& needle,
                                          std::size_t most = 100);

}  // namespace seatrial::disk
