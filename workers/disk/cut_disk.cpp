// SPDX-License-Identifier: Apache-2.0
// Reads, writes and flushes of a disk, its cuts, and what each does to the two views.
#include "workers/disk/cut_disk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "core/base/clock.hpp"
#include "workers/disk/cut_disk_parts.hpp"

namespace seatrial::cutdisk {

namespace {
constexpr std::uint64_t kSector = 512;
}

CutDisk::CutDisk(Options options, BaseFile base, PageStore store, LogFile log)
    : options_(std::move(options)),
      base_(std::move(base)),
      store_(std::move(store)),
      log_(std::move(log)) {}

Result<> CutDisk::check_range(std::uint64_t offset, std::uint64_t length) const {
  if (offset <= size_ && length <= size_ - offset) return {};
  return Failure("disk.range", Blame::suite,
                 fmt::format("{} bytes at {} are not all on a disk of {}", length, offset, size_),
                 "stay within the disk");
}

Result<> CutDisk::read_page(PageNumber page, std::uint64_t index, char* into) const {
  if (page == kBasePage) return base_.read(index * kPage, std::span(into, kPage));
  if (page != kZeroPage) return store_.read(page, 0, std::span(into, kPage));
  std::memset(into, 0, kPage);
  return {};
}

Result<> CutDisk::read(std::uint64_t offset, std::span<char> into, Side side) const {
  CHECK_OK(check_range(offset, into.size()));
  const View& view = side == Side::live ? now_.live : now_.durable;
  while (!into.empty()) {
    const auto index = offset / kPage;
    const auto within = static_cast<std::size_t>(offset % kPage);
    const auto first = view[index];
    // As far as the pages lie one behind the other.
    std::uint64_t end = index + 1;
    const auto last = (offset + into.size() - 1) / kPage;
    while (end <= last &&
           view[end] ==
               (first < kFirstStored ? first : first + static_cast<PageNumber>(end - index)))
      ++end;
    const auto run = static_cast<std::size_t>(
        std::min<std::uint64_t>(into.size(), (end - index) * kPage - within));
    const auto part = into.first(run);
    if (first == kBasePage) {
      CHECK_OK(base_.read(offset, part));
    } else if (first == kZeroPage) {
      std::memset(part.data(), 0, part.size());
    } else {
      CHECK_OK(store_.read(first, within, part));
    }
    into = into.subspan(run);
    offset += run;
  }
  return {};
}

Record CutDisk::record(Kind kind) const {
  Record out;
  out.kind = kind;
  out.seq = seq_ + 1;
  out.ns = static_cast<std::uint64_t>(Clock::system().monotonic().count());
  return out;
}

Result<> CutDisk::append(const Record& record) {
  CHECK_OK(log_.append(record));
  seq_ = record.seq;
  return {};
}

Result<> CutDisk::append_text(Kind kind, const std::string& text) {
  auto entry = record(kind);
  entry.payload = text;
  return append(entry);
}

Result<> CutDisk::change(Kind kind, std::uint64_t offset, std::uint64_t length, const char* bytes,
                         bool fua) {
  CHECK_OK(check_range(offset, length));
  if (length == 0) return {};
  Building building(*this);
  CHECK_OK(building.make(offset, length, bytes));
  auto entry = record(kind);
  entry.flags = fua ? kFua : std::uint16_t{0};
  entry.offset = offset;
  entry.length = length;
  Write write{entry.seq, offset, length, fua, building.pages()};
  Patcher patcher(*this);
  if (fua) CHECK_OK(patcher.put(write, length, Patcher::Below::same));
  Pages pages{write.pages, {}, patcher.patches()};
  entry.payload = encode(pages);
  CHECK_OK(append(entry));
  commit_write(kind, std::move(write), pages.patches);
  return destage_when_full();
}

Result<> CutDisk::write(std::uint64_t offset, std::string_view bytes, bool fua) {
  return change(Kind::write, offset, bytes.size(), bytes.data(), fua);
}

Result<> CutDisk::zero(std::uint64_t offset, std::uint64_t length, bool fua, bool trim) {
  return change(trim ? Kind::trim : Kind::zero, offset, length, nullptr, fua);
}

Result<> CutDisk::flush(bool ignored) {
  auto entry = record(Kind::flush);
  entry.flags = ignored ? kIgnored : std::uint16_t{0};
  CHECK_OK(append(entry));
  if (ignored)
    ++stat_.ignored_flushes;
  else
    commit_flush();
  return {};
}

Result<CutReport> CutDisk::cut(const Policy& policy) {
  if (off_) return last_cut_;
  auto entry = record(Kind::cut);
  entry.flags = static_cast<std::uint16_t>(policy.permille | (policy.torn ? 0x8000u : 0u));
  entry.offset = policy.seed;
  entry.length = now_.pending.size();
  Pages pages;
  Patcher patcher(*this);
  std::mt19937_64 dice(policy.seed);
  bool over_fua = false;  // an older write came back: the ones that are durable go over it again
  for (const auto& write : now_.pending) {
    if (!write.fua && dice() % 1000 >= policy.permille) continue;
    auto length = write.length;
    if (policy.torn && !write.fua && length > kSector)
      length = (1 + dice() % (length / kSector)) * kSector;
    over_fua = over_fua || !write.fua;
    if (over_fua) CHECK_OK(patcher.put(write, length, Patcher::Below::other));
    pages.kept.push_back(write.seq);
  }
  pages.patches = patcher.patches();
  entry.payload = encode(pages);
  CHECK_OK(append(entry));
  commit_cut({entry.seq, entry.length, pages.kept.size()}, pages.patches);
  return last_cut_;
}

Result<> CutDisk::revive() {
  if (!off_) return {};
  CHECK_OK(append(record(Kind::revive)));
  off_ = false;
  return {};
}

Result<> CutDisk::destage_when_full() {
  while (now_.pending.size() > options_.most_writes || pending_pages_ > options_.most_pages) {
    const auto count = std::max<std::size_t>(1, now_.pending.size() / 2);
    Patcher patcher(*this);
    for (std::size_t i = 0; i < now_.pending.size(); ++i) {
      const auto& write = now_.pending[i];
      // Newer ones that are durable already stay on top.
      if (i < count || write.fua) CHECK_OK(patcher.put(write, write.length, Patcher::Below::other));
    }
    auto entry = record(Kind::destage);
    entry.length = count;
    const Pages pages{{}, {}, patcher.patches()};
    entry.payload = encode(pages);
    CHECK_OK(append(entry));
    commit_destage(count, pages.patches);
  }
  return {};
}

Result<std::uint64_t> CutDisk::mark(std::string_view text) {
  CHECK_OK(append_text(Kind::mark, std::string(text)));
  return seq_;
}

Result<> CutDisk::note(Kind kind, std::uint16_t flags) {
  auto entry = record(kind);
  entry.flags = flags;
  return append(entry);
}

Result<> CutDisk::keep_settings(std::string text) {
  CHECK_OK(append_text(Kind::settings, text));
  settings_ = std::move(text);
  return {};
}

// --- what a record does

void CutDisk::set(PageNumber& place, PageNumber page) {
  store_.add(page);
  store_.drop(place);
  place = page;
}

void CutDisk::apply(const std::vector<Patch>& patches) {
  for (const auto& patch : patches) set(now_.durable[patch.index], patch.page);
}

void CutDisk::commit_write(Kind kind, Write write, const std::vector<Patch>& patches) {
  for (std::size_t i = 0; i < write.pages.size(); ++i) {
    set(now_.live[write.first() + i], write.pages[i]);
    if (options_.retain) store_.add(write.pages[i]);
  }
  apply(patches);
  ++(kind == Kind::trim ? stat_.trims : stat_.writes);
  stat_.bytes += write.length;
  if (write.fua) ++stat_.fua;
  if (write.fua && now_.pending.empty()) return;  // nothing older could come over it
  for (const auto page : write.pages) store_.add(page);
  pending_pages_ += write.pages.size();
  now_.pending.push_back(std::move(write));
}

void CutDisk::forget_pending(std::size_t count) {
  for (; count > 0; --count) {
    for (const auto page : now_.pending.front().pages) store_.drop(page);
    pending_pages_ -= now_.pending.front().pages.size();
    now_.pending.pop_front();
  }
}

void CutDisk::commit_flush() {
  ++stat_.flushes;
  for (const auto& write : now_.pending)
    for (std::size_t i = 0; i < write.pages.size(); ++i)
      set(now_.durable[write.first() + i], now_.live[write.first() + i]);
  forget_pending(now_.pending.size());
}

void CutDisk::commit_cut(const CutReport& report, const std::vector<Patch>& patches) {
  ++stat_.cuts;
  last_cut_ = report;
  apply(patches);
  for (const auto& write : now_.pending)
    for (std::size_t i = 0; i < write.pages.size(); ++i)
      set(now_.live[write.first() + i], now_.durable[write.first() + i]);
  forget_pending(now_.pending.size());
  off_ = true;
}

void CutDisk::commit_destage(std::size_t count, const std::vector<Patch>& patches) {
  apply(patches);
  stat_.destaged += count;
  forget_pending(std::min(count, now_.pending.size()));
}

}  // namespace seatrial::cutdisk
