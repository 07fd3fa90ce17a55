// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConsoleLog: writes console.log and console.idx (formats: core/model/console_log.hpp). Bytes are
// with the kernel when append() returns, so killing the process loses none of them; sync() is for
// the end of a case. Owned by Capture, blocking, one thread.
//
// When writing fails (disk full) the failure is returned once, the bytes are counted as lost, and
// writing is tried again at most once a second; what could not be written becomes a hole, so that
// offsets in the file stay offsets in the capture.

#include <filesystem>

#include "core/io/fd.hpp"
#include "core/model/console_log.hpp"

namespace seatrial::console {

class ConsoleLog {
 public:
  static constexpr Duration stamp_every = std::chrono::milliseconds(50);
  static constexpr std::uint64_t stamp_bytes = 256u << 10;
  static constexpr Duration retry_every = std::chrono::seconds(1);

  /// Opens or creates the two files in `folder`; an existing log is continued, a torn index record
  /// at its end is dropped.
  static Result<ConsoleLog> open(const std::filesystem::path& folder);
  /// The same with the two paths given.
  static Result<ConsoleLog> open(const std::filesystem::path& log,
                                 const std::filesystem::path& index);

  Result<> append(std::string_view bytes, Duration monotonic, Duration wall);
  Result<> mark(model::ConsoleMark mark, Duration monotonic, Duration wall);
  Result<> sync();

  /// Offset after the last byte appended, written or not.
  std::uint64_t end() const { return end_; }
  std::uint64_t lost() const { return lost_; }
  /// Bytes of the file; those that were lost read as zeros.
  Result<std::string> read(std::uint64_t offset, std::size_t most) const;
  std::filesystem::path folder() const { return log_path_.parent_path(); }

 private:
  ConsoleLog() = default;
  Result<> write_log(std::string_view bytes);
  Result<> write_stamp(const model::ConsoleStamp& stamp);
  Result<> broken(Failure failure, std::size_t size, Duration monotonic, Duration wall);

  io::UniqueFd log_, index_;
  std::filesystem::path log_path_, index_path_;
  std::uint64_t end_ = 0;
  std::uint64_t index_end_ = 0;
  std::uint64_t lost_ = 0;
  bool broken_ = false;
  Duration retry_at_{};
  bool stamped_ = false;  // since open, mark or trouble
  Duration last_stamp_{};
  std::uint64_t last_stamp_offset_ = 0;
};

}  // namespace seatrial::console
