// SPDX-License-Identifier: Apache-2.0
#pragma once
// Disk: a disk image (raw, or qcow2 with backing files), a block device or a disk that is served
// over NBD (nbd.hpp), read and edited without mounting it and without the OS on it. Partitions of a
// disk that is no raw file are looked at through a raw copy of just that window (qcow2: by
// qemu-img); edits of a copy are written back block by block. Nobody else may have the disk open
// for writing meanwhile ("image.in_use"). Blocking.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/disk/filesystem.hpp"
#include "core/disk/nbd.hpp"
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
  /// Fails with image.missing, image.empty, image.truncated, image.not_an_image, image.compressed
  /// (see unpack.hpp), image.unknown_compression, image.bad_partition_table or image.in_use. `path`
  /// may be an nbd_url(); the connection lasts as long as this object and its copies.
  static Result<Disk> open(const std::filesystem::path& path);

  const PartitionTable& table() const { return table_; }
  std::uint64_t size() const { return size_; }  ///< of the disk; a qcow2 file may be smaller
  const std::string& format() const { return format_; }  ///< "raw", "qcow2" or "nbd"
  const std::filesystem::path& path() const { return path_; }
  const Partition* by_number(int number) const;
  const Partition* by_name(const std::string& gpt_name) const;

  /// The partition for reading; for a raw disk in place, else a copy. `private_copy` forces one (to
  /// replay a journal, or to edit and then write_back).
  Result<Window> window(const Partition& partition, bool private_copy = false) const;
  /// Writes the blocks in which an edited copy differs from the disk, those at the start of the
  /// partition last, and syncs. A window in place needs nothing. A qcow2 file changes in its top
  /// layer alone.
  Result<> write_back(const Partition& partition, const Window& window) const;

 private:
  Result<> look_at(const std::filesystem::path& path);
  Result<> copy_out(std::uint64_t offset, std::uint64_t size,
                    const std::filesystem::path& to) const;
  Result<std::string> read(std::uint64_t offset, std::size_t size) const;
  std::filesystem::path path_;
  std::string format_;
  std::uint64_t size_ = 0;
  std::shared_ptr<NbdClient> server_;  ///< of a served disk
  PartitionTable table_;
};

/// What the file system of a window is, by its magic bytes; type "" when unknown.
Result<FilesystemInfo> identify(const Window& window);

/// Offsets (from the start of the window) of every occurrence of `needle`, at most `most`: slack
/// and deleted files included. Memory stays flat.
Result<std::vector<std::uint64_t>> search(const Window& window, const std::string& needle,
                                          std::size_t most = 100);

/// The boot partition by the rule of balena's configuration tools: GPT name or FAT label in
/// {resin-boot, flash-boot, balena-boot}; else the first FAT partition that holds
/// /device-type.json; else partition 1 if it is a FAT one, with a warning.
struct BootPartition {
  Partition partition;
  std::string why;      ///< "GPT name resin-boot"
  std::string warning;  ///< set when it is a guess
};
/// Fails with "image.no_boot_partition".
Result<BootPartition> locate_boot_partition(const Disk& disk);
/// The same; the warning goes to the log.
Result<Partition> find_boot_partition(const Disk& disk);

}  // namespace seatrial::disk
