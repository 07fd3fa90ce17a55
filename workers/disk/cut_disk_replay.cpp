// SPDX-License-Identifier: Apache-2.0
// Opening a disk: a new one, or the one that a killed server had.
#include <fmt/format.h>

#include <cstring>

#include "workers/disk/cut_disk.hpp"

namespace seatrial::cutdisk {
namespace {

Failure damaged(const std::filesystem::path& log, std::uint64_t seq) {
  return Failure("disk.log_damaged", Blame::bench,
                 fmt::format("record {} of {} makes no sense", seq, log.string()),
                 "flash the device anew; keep the file if nobody had touched it");
}

std::uint64_t whole_sectors(std::uint64_t bytes) { return (bytes + 511) / 512 * 512; }

constexpr std::uint64_t kMostPagesOfADisk = 1ull << 32;

std::string header_words(std::uint64_t identity, bool retain) {
  return fmt::format("{:016x} {}", identity, retain ? "retain" : "forget");
}

}  // namespace

Result<CutDisk> CutDisk::open(const Options& options) {
  TRY(auto base, BaseFile::open(options.base));
  TRY(auto log, LogFile::open(options.log));
  TRY(auto store, PageStore::open(options.store));
  const auto size = whole_sectors(options.size ? options.size : base.size());
  if (size < base.size() || size == 0 || size / kPage >= kMostPagesOfADisk)
    return Failure(
        "disk.size", Blame::suite,
        fmt::format("a disk of {} bytes cannot begin as an image of {}", size, base.size()),
        "give the disk at least the size of its image (disk_mb of the device type)");
  CutDisk disk(options, std::move(base), std::move(store), std::move(log));
  disk.size_ = size;
  const auto pages = static_cast<std::size_t>((size + kPage - 1) / kPage);
  disk.now_.live.assign(pages, kBasePage);
  disk.now_.durable.assign(pages, kBasePage);
  CHECK_OK(disk.replay());
  return disk;
}

Result<> CutDisk::replay() {
  CHECK_OK(log_.replay([this](const Record& record) { return replay_record(record); }));
  store_.settle();
  if (seq_ > 0) return {};
  auto header = record(Kind::header);
  header.offset = size_;
  header.length = base_.size();
  header.payload = header_words(base_.identity(), options_.retain);
  return append(header);
}

Result<> CutDisk::replay_record(const Record& record) {
  if (record.seq != seq_ + 1 || (record.kind == Kind::header) != (seq_ == 0))
    return damaged(options_.log, record.seq);
  seq_ = record.seq;
  ++stat_.replayed;
  switch (record.kind) {
    case Kind::header:
      options_.retain = record.payload.ends_with(" retain");
      if (record.offset == size_ && record.length == base_.size() &&
          record.payload == header_words(base_.identity(), options_.retain))
        return {};
      return Failure(
          "disk.other_base", Blame::bench,
          fmt::format("{} was begun on another image, or with another size", options_.log.string()),
          "the base image must stay as it is while a disk stands on it; flash anew");
    case Kind::flush:
      if (record.flags & kIgnored)
        ++stat_.ignored_flushes;
      else
        commit_flush();
      return {};
    case Kind::revive: off_ = false; return {};
    case Kind::save: commit_save(record.payload); return {};
    case Kind::restore:
      if (!commit_restore(record.payload)) return damaged(options_.log, record.seq);
      return {};
    case Kind::forget: commit_forget(record.payload); return {};
    case Kind::settings: settings_ = record.payload; return {};
    case Kind::connect:
    case Kind::polite:
    case Kind::eof:
    case Kind::mark: return {};
    default: return replay_change(record);
  }
}

bool CutDisk::believable(const Record& record, const Pages& pages) const {
  const auto there = [this](PageNumber page) {
    return page < kFirstStored || store_.could_hold(page);
  };
  for (const auto page : pages.pages)
    if (!there(page)) return false;
  for (const auto& patch : pages.patches)
    if (!there(patch.page) || patch.index >= now_.durable.size()) return false;
  if (record.kind == Kind::cut || record.kind == Kind::destage)
    return pages.pages.empty() && record.length <= now_.pending.size();
  if (record.length == 0 || record.offset > size_ || record.length > size_ - record.offset)
    return false;
  const auto first = record.offset / kPage, last = (record.offset + record.length - 1) / kPage;
  return pages.pages.size() == last - first + 1;
}

Result<> CutDisk::replay_change(const Record& record) {
  auto pages = decode(record.payload, now_.live.size());
  if (!pages || !believable(record, *pages)) return damaged(options_.log, record.seq);
  switch (record.kind) {
    case Kind::cut:
      commit_cut({record.seq, record.length, pages->kept.size()}, pages->patches);
      return {};
    case Kind::destage:
      commit_destage(static_cast<std::size_t>(record.length), pages->patches);
      return {};
    default: break;
  }
  Write write{record.seq, record.offset, record.length, (record.flags & kFua) != 0,
              std::move(pages->pages)};
  commit_write(record.kind, std::move(write), pages->patches);
  return {};
}

}  // namespace seatrial::cutdisk
