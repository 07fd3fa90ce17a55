// SPDX-License-Identifier: Apache-2.0
#pragma once
// The inside of CutDisk, for cut_disk*.cpp alone: pages in the making. Both own a reference to each
// page they made until they go, so that whatever fails half-way leaves the store as it was.

#include "workers/disk/cut_disk.hpp"

namespace seatrial::cutdisk {

/// The pages of one write: its bytes over what the live view has around them.
class CutDisk::Building {
 public:
  explicit Building(CutDisk& disk) : disk_(disk) {}
  ~Building() {
    for (const auto page : taken_) disk_.store_.drop(page);
  }
  Building(const Building&) = delete;
  Building& operator=(const Building&) = delete;

  /// `bytes` null: zeros.
  Result<> make(std::uint64_t offset, std::uint64_t length, const char* bytes);
  const std::vector<PageNumber>& pages() const { return pages_; }

 private:
  struct Content {
    std::size_t place;  ///< in pages_
    const char* bytes;  ///< 4 KiB
  };
  Result<> store(const std::vector<Content>& contents);

  CutDisk& disk_;
  std::vector<PageNumber> pages_, taken_;
};

/// Pages of the durable view after some writes have come over it.
class CutDisk::Patcher {
 public:
  /// Whether the durable view is, under a write, what the live view was before it: then the page of
  /// the write is right as a whole wherever both views have the same page.
  enum class Below { same, other };

  explicit Patcher(CutDisk& disk) : disk_(disk) {}
  ~Patcher() {
    for (const auto& [index, page] : pages_) disk_.store_.drop(page);
  }
  Patcher(const Patcher&) = delete;
  Patcher& operator=(const Patcher&) = delete;

  /// Puts the first `length` bytes of a write over what is there.
  Result<> put(const Write& write, std::uint64_t length, Below below);
  std::vector<Patch> patches() const;

 private:
  Result<PageNumber> merged(PageNumber current, PageNumber source, std::uint64_t index,
                            std::size_t from, std::size_t to);

  CutDisk& disk_;
  std::map<std::uint64_t, PageNumber> pages_;
};

}  // namespace seatrial::cutdisk
