// SPDX-License-Identifier: Apache-2.0
#pragma once
// Bytes in and out of disks, for disk.cpp: reading at an offset, the blocks that differ between two
// windows, writing them to a raw or a qcow2 file or to a disk that is served.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/disk/disk.hpp"
#include "core/io/process.hpp"

namespace seatrial::disk {

/// Fewer bytes only at the end of the file.
Result<std::string> read_at(const std::filesystem::path& path, std::uint64_t offset,
                            std::size_t size);

/// Runs qemu-img or qemu-io on an image; a locked image is "image.in_use".
Result<std::string> qemu_tool(const std::filesystem::path& image, io::Command command);

struct Change {
  std::uint64_t offset = 0;  ///< in the partition
  std::string bytes;
};
/// Blocks of 64 KiB that differ, the last first: the tables of a FAT and its root folder lie at its
/// start, so what they will point to is written before them.
Result<std::vector<Change>> changed_blocks(const Window& before, const Window& after);
Result<> write_raw(const std::filesystem::path& path, std::uint64_t start,
                   const std::vector<Change>& changes);
Result<> write_qcow2(const std::filesystem::path& path, std::uint64_t start,
                     const std::vector<Change>& changes);
Result<> write_served(NbdClient& server, std::uint64_t start, const std::vector<Change>& changes);
/// A part of a served disk as a sparse raw file.
Result<> copy_served(NbdClient& server, std::uint64_t offset, std::uint64_t size,
                     const std::filesystem::path& to);

}  // namespace seatrial::disk
