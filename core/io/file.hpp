// SPDX-License-Identifier: Apache-2.0
#pragma once
// Files, blocking: small reads and writes that either happen whole or not at all, append-only
// records, locks and temporary folders. Every failure names the path and says what to do (a full
// disk is told apart).

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/io/fd.hpp"

namespace seatrial::io {

namespace fs = std::filesystem;

/// A Failure for `errno` after an operation on `path`: "cannot open /x: No such file or directory".
Failure file_failure(std::string_view doing, const fs::path& path, int error);

Result<std::string> read_file(const fs::path& path, std::uint64_t most = 64u << 20);
/// Writes beside the target, fsyncs, renames over it, fsyncs the folder: old or new content, never
/// a mixture.
Result<> write_file_atomic(const fs::path& path, std::string_view content, unsigned mode = 0644);
Result<> make_dirs(const fs::path& path);

/// An append-only file: one write(2) per record, so that a killed writer leaves at most a torn last
/// record.
class AppendFile {
 public:
  static Result<AppendFile> open(const fs::path& path, bool truncate = false);
  Result<> append(std::string_view record);
  Result<> sync();
  std::uint64_t size() const { return size_; }
  const fs::path& path() const { return path_; }

 private:
  UniqueFd fd_;
  fs::path path_;
  std::uint64_t size_ = 0;
};

/// flock(2) on a file, released on destruction or death of the process.
class FileLock {
 public:
  /// Fails with code "lock.busy" when another process holds it for longer than `wait`.
  static Result<FileLock> acquire(const fs::path& path, Duration wait, std::string_view what_for);

 private:
  UniqueFd fd_;
};

/// A fresh folder that is removed with all its content on destruction.
class TempDir {
 public:
  static Result<TempDir> make(std::string_view prefix, const fs::path& under = {});
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) noexcept;
  ~TempDir();
  const fs::path& path() const { return path_; }

 private:
  explicit TempDir(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

/// Bytes free for an unprivileged writer on the file system of `path`.
Result<std::uint64_t> free_space(const fs::path& path);

}  // namespace seatrial::io
