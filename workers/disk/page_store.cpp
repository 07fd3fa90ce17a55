// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/page_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "core/io/file.hpp"

namespace seatrial::cutdisk {

Result<> read_exactly(int fd, const std::filesystem::path& path, std::span<char> into,
                      std::uint64_t offset) {
  while (!into.empty()) {
    const auto n = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::file_failure("read", path, errno);
    if (n == 0)
      return Failure("disk.store_short", Blame::bench, path.string() + " is shorter than it was",
                     "find out who cut it: nothing but the disk's own server may touch it");
    into = into.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<> write_exactly(int fd, const std::filesystem::path& path, std::string_view bytes,
                       std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::file_failure("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<PageStore> PageStore::open(const std::filesystem::path& path) {
  PageStore store;
  store.path_ = path;
  store.fd_ = io::UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!store.fd_) return io::file_failure("open", path, errno);
  struct stat info {};
  if (::fstat(store.fd_.get(), &info) != 0) return io::file_failure("look at", path, errno);
  store.pages_in_file_ = (static_cast<std::uint64_t>(info.st_size) + kPage - 1) / kPage;
  return store;
}

void PageStore::settle() {
  settled_ = true;
  free_.clear();
  used_ = 0;
  for (PageNumber page = kFirstStored; page < end_; ++page)
    if (refs_[page] == 0)
      release(page);
    else
      ++used_;
}

void PageStore::release(PageNumber page) {
  auto next = free_.lower_bound(page);
  const bool joins_next = next != free_.end() && next->first == page + 1;
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == page) {
      before->second += 1 + (joins_next ? next->second : 0);
      if (joins_next) free_.erase(next);
      return;
    }
  }
  const PageNumber count = 1 + (joins_next ? next->second : 0);
  if (joins_next) next = free_.erase(next);
  free_.emplace_hint(next, page, count);
}

Result<> PageStore::take(std::size_t count, std::vector<PageNumber>& into) {
  if (count > std::numeric_limits<PageNumber>::max() - end_)
    return Failure("disk.too_large", Blame::bench, "the page store of the disk is full of pages",
                   "flash the device anew; a disk of more than 16 TiB cannot be played");
  used_ += count;
  while (count > 0 && !free_.empty()) {
    const auto [first, run] = *free_.begin();
    const auto taken = static_cast<PageNumber>(std::min<std::size_t>(run, count));
    free_.erase(free_.begin());
    if (taken < run) free_.emplace(first + taken, run - taken);
    for (PageNumber i = 0; i < taken; ++i) {
      refs_[first + i] = 1;
      into.push_back(first + i);
    }
    count -= taken;
  }
  if (count == 0) return {};
  refs_.resize(end_ + count, 0);
  for (; count > 0; --count) {
    refs_[end_] = 1;
    into.push_back(end_++);
  }
  return {};
}

void PageStore::add(PageNumber page) {
  if (page < kFirstStored) return;
  if (page >= refs_.size()) refs_.resize(page + 1, 0);
  end_ = std::max(end_, page + 1);
  ++refs_[page];
}

void PageStore::drop(PageNumber page) {
  if (page < kFirstStored || page >= refs_.size() || refs_[page] == 0) return;
  if (--refs_[page] > 0 || !settled_) return;
  --used_;
  release(page);
}

Result<> PageStore::write(std::span<const PageNumber> pages, const char* bytes) {
  for (std::size_t begin = 0; begin < pages.size();) {
    std::size_t end = begin + 1;
    while (end < pages.size() && pages[end] == pages[end - 1] + 1) ++end;
    CHECK_OK(write_exactly(fd_.get(), path_,
                           std::string_view(bytes + begin * kPage, (end - begin) * kPage),
                           std::uint64_t{pages[begin]} * kPage));
    pages_in_file_ = std::max<std::uint64_t>(pages_in_file_, pages[end - 1] + 1);
    begin = end;
  }
  return {};
}

Result<> PageStore::read(PageNumber first, std::size_t offset, std::span<char> into) const {
  return read_exactly(fd_.get(), path_, into, std::uint64_t{first} * kPage + offset);
}

}  // namespace seatrial::cutdisk
