// SPDX-License-Identifier: Apache-2.0
#pragma once
// RunFolder: the files of a run beside its event log, read-only. One thread. A file that
// is absent, short or foreign makes an empty answer, never a failure: a report is always possible.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/model/console_log.hpp"

namespace seatrial::reports {

class RunFolder {
 public:
  /// `zero`: the wall time of the run's second 0, for the times of console bytes.
  explicit RunFolder(std::filesystem::path path, std::optional<Duration> zero = {});

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t console_size() const { return reader_ ? reader_->size() : 0; }
  /// At most `most` bytes of console.log from `offset`.
  std::string console(std::uint64_t offset, std::size_t most) const;
  /// When the byte at `offset` came, and what had come by then: seconds since the run began.
  std::optional<double> console_time(std::uint64_t offset) const;
  std::optional<std::uint64_t> console_offset_at(double at) const;
  /// True for a regular file at a relative path that does not lead out of the folder.
  bool has_file(std::string_view relative) const;
  /// The path of such a file relative to the working directory when it lies below, else absolute:
  /// what CI systems expect of attachments.
  std::filesystem::path seen_from_here(std::string_view relative) const;

 private:
  std::filesystem::path path_;
  std::optional<Duration> zero_;
  Duration monotonic_minus_wall_{};
  mutable std::optional<model::ConsoleReader> reader_;  ///< reading moves its file position
};

/// Writes beside the target and renames over it: a reader sees the old or the new report. (The
/// arrows of the design keep core/io out of reports, so this small one is ours.)
Result<> write_whole(const std::filesystem::path& path, std::string_view content);

}  // namespace seatrial::reports
