// SPDX-License-Identifier: Apache-2.0
#pragma once
// The two console files of a run, as they lie in its evidence folder.
//
// console.log  Every byte the console gave, in order, unchanged. What could not be written (disk
// full)
//              is a hole of zero bytes, announced in the index: a file offset always is the offset
//              in what was captured.
// console.idx  When the bytes came. Fixed records of 32 bytes, little-endian, from offset 0:
//                 0  u64  offset     in console.log
//                 8  i64  monotonic  nanoseconds, comparable within one boot of the host
//                16  i64  wall       nanoseconds since 1970
//                24  u32  mark       ConsoleMark
//                28  u32  check      FNV-1a (32 bit) of bytes 0-27
//              A `bytes` record says: the byte at `offset` was read at that time; at most one per
//              50 ms or 256 KiB of output, and one at the start of each burst after silence. Other
//              marks say what happened when the log was `offset` bytes long. Offsets never fall.
//
// A record is written after the bytes it speaks of. A torn last record and records with a wrong
// check are passed over, so the files of a killed process are readable. Reading is blocking and its
// memory is bounded by the limits given; one reader belongs to one thread.

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace seatrial::model {

inline constexpr std::string_view console_log_name = "console.log";
inline constexpr std::string_view console_index_name = "console.idx";

enum class ConsoleMark : std::uint32_t {
  bytes = 0,
  power_on = 1,
  power_off = 2,
  connected = 3,     ///< a stream (chardev, UART) was attached
  disconnected = 4,  ///< it ended
  lost = 5,          ///< from here bytes could not be written; they are zeros up to the next record
};
std::string_view to_string(ConsoleMark mark);

struct ConsoleStamp {
  std::uint64_t offset = 0;
  Duration monotonic{};
  Duration wall{};
  ConsoleMark mark = ConsoleMark::bytes;
};

inline constexpr std::size_t console_stamp_size = 32;
std::array<char, console_stamp_size> encode(const ConsoleStamp& stamp);
/// Nothing when the check does not fit.
std::optional<ConsoleStamp> decode_console_stamp(std::span<const char, console_stamp_size> bytes);

/// One line of the log: raw bytes without the line end.
struct ConsoleLine {
  std::uint64_t offset = 0;
  std::string text;
  bool finished = true;  ///< false: no newline followed, or the line was cut at the limit
};

class ConsoleReader {
 public:
  /// Opens the files of a folder. A missing index is allowed (then no times are known); a missing
  /// log is a Failure "console.no_log".
  static Result<ConsoleReader> open(const std::filesystem::path& folder);

  std::uint64_t size() const { return size_; }
  /// Bytes [from, to), at most `most`; fewer when the log is shorter.
  Result<std::string> bytes(std::uint64_t from, std::uint64_t to, std::size_t most = 1u << 20);
  /// The lines that begin in [from, to); stops after `most` bytes of text. A line is cut at 64 KiB.
  Result<std::vector<ConsoleLine>> lines(std::uint64_t from, std::uint64_t to,
                                         std::size_t most = 1u << 20);
  /// The last n lines before `end` (default: the end of the log), looking back at most `most`
  /// bytes.
  Result<std::vector<ConsoleLine>> tail(std::size_t n, std::size_t most = 1u << 20,
                                        std::uint64_t end = UINT64_MAX);

  /// When the byte at `offset` was read (to within one record: 50 ms or 256 KiB). Nothing when the
  /// index does not reach back so far.
  std::optional<ConsoleStamp> time_of(std::uint64_t offset);
  /// The offset of the first byte known to have come at or after `monotonic`; size() when none.
  std::uint64_t offset_at(Duration monotonic);
  /// Every mark that is not `bytes`, at most `most` of them.
  std::vector<ConsoleStamp> marks(std::size_t most = 10000);
  std::uint64_t stamps() const { return stamps_; }

 private:
  ConsoleReader() = default;
  /// The first good record at index >= i.
  std::optional<std::pair<std::uint64_t, ConsoleStamp>> stamp_from(std::uint64_t i);
  std::string read(std::uint64_t from, std::size_t size);

  std::filesystem::path path_;
  std::ifstream log_;
  std::ifstream index_;
  std::uint64_t size_ = 0;
  std::uint64_t stamps_ = 0;
};

}  // namespace seatrial::model
