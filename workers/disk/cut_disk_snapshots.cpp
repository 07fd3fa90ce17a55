// SPDX-License-Identifier: Apache-2.0
// Snapshots of a disk, and views of it as files.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/io/file.hpp"
#include "workers/disk/cut_disk.hpp"

namespace seatrial::cutdisk {

void CutDisk::count_pages(const State& state, bool more) {
  const auto count = [&](PageNumber page) { more ? store_.add(page) : store_.drop(page); };
  for (const auto* view : {&state.live, &state.durable})
    for (const auto page : *view) count(page);
  for (const auto& write : state.pending)
    for (const auto page : write.pages) count(page);
}

void CutDisk::commit_save(const std::string& name) {
  commit_forget(name);
  saved_[name] = now_;
  count_pages(now_, true);
}

bool CutDisk::commit_restore(const std::string& name) {
  const auto found = saved_.find(name);
  if (found == saved_.end()) return false;
  count_pages(found->second, true);  // before the others go: they share most
  count_pages(now_, false);
  now_ = found->second;
  pending_pages_ = 0;
  for (const auto& write : now_.pending) pending_pages_ += write.pages.size();
  off_ = false;
  return true;
}

void CutDisk::commit_forget(const std::string& name) {
  const auto found = saved_.find(name);
  if (found == saved_.end()) return;
  count_pages(found->second, false);
  saved_.erase(found);
}

Result<> CutDisk::save(const std::string& name) {
  if (off_)
    return Failure("disk.off", Blame::suite, "the disk has no power: there is no state to save",
                   "save while the device is on");
  CHECK_OK(append_text(Kind::save, name));
  commit_save(name);
  return {};
}

Result<> CutDisk::restore(const std::string& name) {
  if (!saved_.count(name))
    return Failure("disk.no_snapshot", Blame::suite, "the disk has no snapshot named " + name,
                   "save it first, or take another name");
  CHECK_OK(append_text(Kind::restore, name));
  commit_restore(name);
  return {};
}

Result<> CutDisk::forget(const std::string& name) {
  if (!saved_.count(name)) return {};
  CHECK_OK(append_text(Kind::forget, name));
  commit_forget(name);
  return {};
}

std::vector<std::string> CutDisk::snapshots() const {
  std::vector<std::string> names;
  for (const auto& [name, state] : saved_) names.push_back(name);
  return names;
}

namespace {

/// Copies a range between files, within the kernel where it can.
Result<> copy_range(int from, std::uint64_t at, int to, const std::filesystem::path& path,
                    std::uint64_t target, std::uint64_t length) {
  std::string buffer;
  while (length > 0) {
    auto in = static_cast<off64_t>(at), out = static_cast<off64_t>(target);
    auto n = ::copy_file_range(from, &in, to, &out, static_cast<std::size_t>(length), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {  // other file systems, old kernels, the torn end of a store
      buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(length, 1u << 20)));
      CHECK_OK(read_exactly(from, path, buffer, at));
      CHECK_OK(write_exactly(to, path, buffer, target));
      n = static_cast<ssize_t>(buffer.size());
    }
    at += static_cast<std::uint64_t>(n);
    target += static_cast<std::uint64_t>(n);
    length -= static_cast<std::uint64_t>(n);
  }
  return {};
}

}  // namespace

Result<std::uint64_t> CutDisk::export_to(const std::filesystem::path& file, Side side,
                                         std::uint64_t offset, std::uint64_t length) const {
  CHECK_OK(check_range(offset, length));
  const io::UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return io::file_failure("open", file, errno);
  if (::ftruncate(fd.get(), static_cast<off_t>(length)) != 0)
    return io::file_failure("size", file, errno);
  const View& view = side == Side::live ? now_.live : now_.durable;
  std::uint64_t copied = 0;
  const auto copy = [&](int from, std::uint64_t at, std::uint64_t on_disk,
                        std::uint64_t size) -> Result<> {
    copied += size;
    return copy_range(from, at, fd.get(), file, on_disk - offset, size);
  };
  for (std::uint64_t at = offset; at < offset + length;) {
    const auto index = at / kPage;
    const auto first = view[index];
    std::uint64_t end = index + 1;
    const auto next = [&](std::uint64_t i) {
      return first < kFirstStored ? first : first + static_cast<PageNumber>(i - index);
    };
    while (end * kPage < offset + length && view[end] == next(end)) ++end;
    const auto stop = std::min(end * kPage, offset + length);
    if (first >= kFirstStored) {
      CHECK_OK(copy(store_.fd(), std::uint64_t{first} * kPage + at % kPage, at, stop - at));
    } else if (first == kBasePage) {
      for (auto data = base_.next_data(at); data < std::min(stop, base_.size());) {
        const auto until = std::min(base_.end_of_data(data), stop);
        CHECK_OK(copy(base_.fd(), data, data, until - data));
        data = base_.next_data(until);
      }
    }
    at = stop;
  }
  return copied;
}

}  // namespace seatrial::cutdisk
