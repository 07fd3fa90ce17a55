// SPDX-License-Identifier: Apache-2.0
#pragma once
// The log of a disk: what happened to it, in order, append only, one write(2) per record and before
// the guest hears of it. From it a server that was killed knows its disk again. The data of a write
// is not in it but in the page store, and the record names the pages: they keep that data as long
// as the disk or a snapshot holds it, or for ever where the disk retains (see CutDisk::Options).
//
// A record is a header of 48 bytes, little-endian, and a payload of 32-bit words or text:
//   u32 magic "SDL1", u16 kind (a letter), u16 flags, u64 sequence, u64 monotonic ns, u64 offset,
//   u64 length, u32 bytes of payload, u32 check sum of all the rest (FNV-1a)
// A torn last record is cut off by the next server. Foreign bytes crash nothing: everything is
// checked before it is believed.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/io/fd.hpp"
#include "workers/disk/page_store.hpp"

namespace seatrial::cutdisk {

enum class Kind : std::uint16_t {
  header = 'H',    ///< offset: size of the disk, length: of the base; words: base identity, retain
  write = 'W',     ///< words: see Pages; flag fua
  zero = 'Z',      ///< zeros were written
  trim = 'T',      ///< the guest does not need the range any longer; it reads as zeros
  flush = 'F',     ///< flag ignored: one that the host asked for, and that did nothing
  connect = 'C',   ///< somebody came; flag offline: not the guest
  polite = 'D',    ///< ... and left with good bye
  eof = 'E',       ///< ... and was gone
  cut = 'X',       ///< offset: seed, length: writes that were pending, flags: permille and torn
  revive = 'V',    ///< power came back: guests are let in again
  destage = 'G',   ///< length: so many of the oldest pending writes became durable by themselves
  mark = 'M',      ///< text
  save = 'S',      ///< text: name of a snapshot
  restore = 'B',   ///< text
  forget = 'O',    ///< text
  settings = 'P',  ///< text: policy, faults and the like, as the server wants them back
};

constexpr std::uint16_t kFua = 1, kIgnored = 2, kOffline = 4;

struct Record {
  Kind kind = Kind::mark;
  std::uint16_t flags = 0;
  std::uint64_t seq = 0;
  std::uint64_t ns = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string payload;
};

/// What a page of the durable side becomes.
struct Patch {
  std::uint64_t index = 0;  ///< which page of the disk
  PageNumber page = kBasePage;
};

/// The payload of W, Z, T (pages, patches), X (kept, patches) and G (patches).
struct Pages {
  std::vector<PageNumber> pages;    ///< one for each page that the write touches
  std::vector<std::uint64_t> kept;  ///< sequences of the writes that a cut kept
  std::vector<Patch> patches;
};
std::string encode(const Pages& pages);
/// nullopt: not what encode() makes, or of more pages than `most`.
std::optional<Pages> decode(std::string_view payload, std::size_t most);

std::string encode(const Record& record);
/// The record at the start of `bytes` and its size there; nullopt: torn or foreign.
struct Parsed {
  Record record;
  std::size_t size = 0;
};
std::optional<Parsed> parse_record(std::string_view bytes);

constexpr std::size_t kRecordHeader = 48;
constexpr std::size_t kLongestPayload = 64u << 20;

/// The file, open for appending, and locked: one server for one disk.
class LogFile {
 public:
  /// Fails with "disk.in_use" when another server has it.
  static Result<LogFile> open(const std::filesystem::path& path);
  /// Calls `each` for every whole record in order, then cuts off what is torn. Fails with
  /// "disk.log_damaged" when more than the last record is broken.
  Result<> replay(const std::function<Result<>(const Record&)>& each);
  /// One write(2). After a failure the file is as before.
  Result<> append(const Record& record);
  std::uint64_t size() const { return size_; }

 private:
  io::UniqueFd fd_;
  std::filesystem::path path_;
  std::uint64_t size_ = 0;
};

/// For readers of evidence: every whole record of a log, also of one that is being written.
Result<> read_log(const std::filesystem::path& path,
                  const std::function<Result<>(const Record&)>& each);

}  // namespace seatrial::cutdisk
