// SPDX-License-Identifier: Apache-2.0
#pragma once
// PageStore: the pages of a disk that differ from its base, in one file; counted references, free
// pages are taken again, so that the file grows to the most that was ever needed at a time, and RAM
// holds 4 bytes for each page. A page that somebody refers to is never written over: what a log
// record names is what lies there after a SIGKILL. Owned by a CutDisk; one thread; blocking.
//
// After open() it counts without giving pages out (a log is replayed); settle() ends that.

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/io/fd.hpp"

namespace seatrial::cutdisk {

constexpr std::size_t kPage = 4096;  ///< bytes
using PageNumber = std::uint32_t;
constexpr PageNumber kBasePage = 0;  ///< as in the base; zeros behind its end
constexpr PageNumber kZeroPage = 1;  ///< zeros
constexpr PageNumber kFirstStored = 2;

class PageStore {
 public:
  /// Opens or creates the file.
  static Result<PageStore> open(const std::filesystem::path& path);
  /// All references are known: every other page is free.
  void settle();

  /// Appends `count` pages with one reference each to `into`. Fails with "disk.too_large".
  Result<> take(std::size_t count, std::vector<PageNumber>& into);
  /// One more reference, one less. No-ops for the pages that are not stored.
  void add(PageNumber page);
  void drop(PageNumber page);
  std::uint32_t references(PageNumber page) const { return page < refs_.size() ? refs_[page] : 0; }

  /// Page i gets the i-th 4 KiB of `bytes`. Fails with "file.disk_full" when the host is full.
  Result<> write(std::span<const PageNumber> pages, const char* bytes);
  /// `bytes.size()` bytes from `offset` within the first of consecutive stored pages.
  Result<> read(PageNumber first, std::size_t offset, std::span<char> into) const;

  /// Whether a log may name it: the file is long enough to hold it.
  bool could_hold(PageNumber page) const { return page < pages_in_file_; }
  std::uint64_t used() const { return used_; }
  std::uint64_t ever_used() const { return end_ - kFirstStored; }
  int fd() const { return fd_.get(); }

 private:
  io::UniqueFd fd_;
  std::filesystem::path path_;
  std::vector<std::uint32_t> refs_;
  std::map<PageNumber, PageNumber> free_;  ///< first of a run -> how many
  PageNumber end_ = kFirstStored;          ///< nothing from here on was ever given out
  std::uint64_t used_ = 0;
  std::uint64_t pages_in_file_ = 0;
  bool settled_ = false;

  void release(PageNumber page);
};

/// pread(2) and pwrite(2) to the end. A short read is a failure.
Result<> read_exactly(int fd, const std::filesystem::path& path, std::span<char> into,
                      std::uint64_t offset);
Result<> write_exactly(int fd, const std::filesystem::path& path, std::string_view bytes,
                       std::uint64_t offset);

}  // namespace seatrial::cutdisk
