// SPDX-License-Identifier: Apache-2.0
#pragma once
// CutDisk: a disk with a write cache that can be taken away from it. Two views over one base: live,
// which is what the guest reads, and durable, which is what survives. A write goes into the live
// view and onto the list of pending ones; a flush makes the live view durable; a cut (the power is
// gone) keeps a chosen subset of the pending writes and forgets the others. Writes with FUA are
// durable at once, and stay on the list in their turn, so that an older kept write cannot come back
// over them.
//
// All is in three files: base (shared, read-only), page store and log. A new CutDisk on the files
// of one whose process was killed is the same disk, pending writes included. Memory: 8 bytes per
// page of the disk, 8 more per page and snapshot, and the list, which is bounded: a cache has a
// size, and the oldest writes of one that is full become durable by themselves (Kind::destage).
//
// Owned by the server; one thread; blocking. Failures: "file.disk_full" and "file.io" (the host's),
// "disk.range", "disk.no_snapshot", "disk.log_damaged", "disk.other_base", "disk.in_use".

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "workers/disk/base_file.hpp"
#include "workers/disk/log.hpp"
#include "workers/disk/page_store.hpp"

namespace seatrial::cutdisk {

/// What of the pending writes a cut keeps: each with this chance, drawn from the seed in order of
/// arrival; the same seed keeps the same writes of the same list.
struct Policy {
  std::uint64_t seed = 1;
  unsigned permille = 0;  ///< 0: none, 1000: all
  bool torn = false;      ///< a kept write keeps its first sectors only, 1 to all of them
};

struct CutReport {
  std::uint64_t seq = 0;  ///< of the log record
  std::uint64_t pending = 0;
  std::uint64_t kept = 0;  ///< FUA writes included
};

enum class Side { live, durable };

class CutDisk {
 public:
  struct Options {
    std::filesystem::path base;   ///< raw; empty: the disk begins as zeros
    std::filesystem::path store;  ///< page store
    std::filesystem::path log;
    std::uint64_t size = 0;             ///< bytes; 0: as the base, in whole sectors
    bool retain = false;                ///< keep the data of every write, for the log's readers
    std::size_t most_writes = 250'000;  ///< of the cache, before it destages
    std::size_t most_pages = 1u << 20;
  };
  struct Stat {
    std::uint64_t writes = 0, flushes = 0, ignored_flushes = 0, fua = 0, trims = 0, bytes = 0,
                  cuts = 0, destaged = 0;
    std::uint64_t replayed = 0;  ///< records found at open()
  };

  static Result<CutDisk> open(const Options& options);

  std::uint64_t size() const { return size_; }
  Result<> read(std::uint64_t offset, std::span<char> into, Side side = Side::live) const;
  Result<> write(std::uint64_t offset, std::string_view bytes, bool fua);
  /// Zeros without data; `trim`: the guest does not need the range any more.
  Result<> zero(std::uint64_t offset, std::uint64_t length, bool fua, bool trim);
  /// `ignored`: recorded, and does nothing.
  Result<> flush(bool ignored = false);
  /// The power is gone. The disk is off() until revive(); both views are the same then.
  Result<CutReport> cut(const Policy& policy);
  bool off() const { return off_; }
  Result<> revive();
  const CutReport& last_cut() const { return last_cut_; }

  /// Both views and the pending writes. Saving replaces one of that name; a restored disk is on.
  Result<> save(const std::string& name);
  Result<> restore(const std::string& name);
  Result<> forget(const std::string& name);
  std::vector<std::string> snapshots() const;

  /// Text into the log; its sequence number.
  Result<std::uint64_t> mark(std::string_view text);
  /// connect, polite, eof.
  Result<> note(Kind kind, std::uint16_t flags = 0);
  /// Text that a later open() finds again.
  Result<> keep_settings(std::string text);
  const std::string& settings() const { return settings_; }

  /// A part of a view as a sparse raw file; bytes that are not holes.
  Result<std::uint64_t> export_to(const std::filesystem::path& file, Side side,
                                  std::uint64_t offset, std::uint64_t length) const;

  std::size_t pending_writes() const { return now_.pending.size(); }
  std::size_t pending_pages() const { return pending_pages_; }
  std::uint64_t sequence() const { return seq_; }
  std::uint64_t log_bytes() const { return log_.size(); }
  const Stat& stat() const { return stat_; }
  const PageStore& store() const { return store_; }

 private:
  using View = std::vector<PageNumber>;  ///< a page for each 4 KiB
  struct Write {
    std::uint64_t seq = 0, offset = 0, length = 0;
    bool fua = false;
    std::vector<PageNumber> pages;  ///< the live pages after it; its bytes are in its range of them
    std::uint64_t first() const { return offset / kPage; }
  };
  struct State {
    View live, durable;
    std::deque<Write> pending;
  };
  class Patcher;   ///< durable pages in the making
  class Building;  ///< pages of a write in the making

  CutDisk(Options options, BaseFile base, PageStore store, LogFile log);
  Result<> replay();
  Result<> replay_record(const Record& record);
  Result<> replay_change(const Record& record);
  bool believable(const Record& record, const Pages& pages) const;

  Result<> check_range(std::uint64_t offset, std::uint64_t length) const;
  Result<> read_page(PageNumber page, std::uint64_t index, char* into) const;
  /// The next record; append() makes it the last one.
  Record record(Kind kind) const;
  Result<> append(const Record& record);
  Result<> append_text(Kind kind, const std::string& text);
  Result<> change(Kind kind, std::uint64_t offset, std::uint64_t length, const char* bytes,
                  bool fua);
  Result<> destage_when_full();

  // What a record does to the state; the same now and at a replay.
  void commit_write(Kind kind, Write write, const std::vector<Patch>& patches);
  void commit_flush();
  void commit_cut(const CutReport& report, const std::vector<Patch>& patches);
  void commit_destage(std::size_t count, const std::vector<Patch>& patches);
  void commit_save(const std::string& name);
  bool commit_restore(const std::string& name);
  void commit_forget(const std::string& name);
  void apply(const std::vector<Patch>& patches);
  void set(PageNumber& place, PageNumber page);  ///< counts both
  void forget_pending(std::size_t count);
  void count_pages(const State& state, bool more);

  Options options_;
  BaseFile base_;
  PageStore store_;
  LogFile log_;
  std::uint64_t size_ = 0;
  State now_;
  std::map<std::string, State> saved_;
  std::string settings_;
  CutReport last_cut_;
  Stat stat_;
  std::uint64_t seq_ = 0;
  std::size_t pending_pages_ = 0;
  bool off_ = false;
};

}  // namespace seatrial::cutdisk
