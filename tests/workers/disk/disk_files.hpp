// SPDX-License-Identifier: Apache-2.0
#pragma once
// A folder with the files of one cut disk, and helpers to look at it.

#include <gtest/gtest.h>

#include <string>

#include "core/io/file.hpp"
#include "workers/disk/cut_disk.hpp"

namespace seatrial::cutdisk::test {

/// Bytes that differ from place to place and from salt to salt; never all zeros.
inline std::string pattern(std::size_t size, unsigned salt) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<char>((i * 31 + i / 251 * 7 + salt * 101 + 1) & 0xff);
  return out;
}

struct DiskFiles {
  io::TempDir dir = io::TempDir::make("cut_disk_test").value();
  CutDisk::Options options;

  explicit DiskFiles(std::uint64_t size, const std::string& base = {}) {
    options.store = dir.path() / "pages";
    options.log = dir.path() / "log";
    options.size = size;
    if (base.empty()) return;
    options.base = dir.path() / "base.img";
    EXPECT_TRUE(io::write_file_atomic(options.base, base).has_value());
  }
  CutDisk open() const {
    auto disk = CutDisk::open(options);
    EXPECT_TRUE(disk.has_value()) << disk.error().describe();
    return std::move(*disk);
  }
};

/// Says where two blocks of bytes differ, in place of showing them.
inline ::testing::AssertionResult same(const std::string& a, const std::string& b) {
  if (a == b) return ::testing::AssertionSuccess();
  std::size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  return ::testing::AssertionFailure()
         << a.size() << " and " << b.size() << " bytes that differ from byte " << at << " on";
}

inline std::string read(const CutDisk& disk, std::uint64_t offset, std::size_t size,
                        Side side = Side::live) {
  std::string out(size, 'x');
  const auto done = disk.read(offset, out, side);
  EXPECT_TRUE(done.has_value()) << done.error().describe();
  return out;
}
inline std::string whole(const CutDisk& disk, Side side) {
  return read(disk, 0, static_cast<std::size_t>(disk.size()), side);
}

}  // namespace seatrial::cutdisk::test
