// SPDX-License-Identifier: Apache-2.0
#include "core/io/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/ids.hpp"

namespace seatrial::io {
namespace {

std::string advice_for(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return "free some disk space and try again";
    case EFBIG: return "raise the limit of file sizes (ulimit -f) and try again";
    case EACCES:
    case EPERM:
    case EROFS: return "check the permissions of the path, or choose another one";
    case ENOENT: return "check the path";
    case EMFILE:
    case ENFILE: return "raise the limit of open files (ulimit -n)";
    default: return "check the file system it lies on";
  }
}

Result<> write_all(int fd, std::string_view data, const fs::path& path) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_failure("write", path, errno);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

Failure file_failure(std::string_view doing, const fs::path& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  const std::string code = full ? "file.disk_full" : error == ENOENT ? "file.missing" : "file.io";
  return Failure(code, Blame::bench,
                 fmt::format("cannot {} {}: {}", doing, path.string(), std::strerror(error)),
                 advice_for(error));
}

Result<std::string> read_file(const fs::path& path, std::uint64_t most) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return file_failure("open", path, errno);
  std::string content;
  char chunk[65536];
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_failure("read", path, errno);
    if (n == 0) return content;
    content.append(chunk, static_cast<std::size_t>(n));
    if (content.size() > most)
      return Failure("file.too_large", Blame::bench,
                     fmt::format("{} is larger than {} bytes", path.string(), most),
                     "check that it is the right file");
  }
}

Result<> write_file_atomic(const fs::path& path, std::string_view content, unsigned mode) {
  const fs::path temp = path.string() + ".new-" + random_hex(6);
  UniqueFd fd(::open(temp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return file_failure("create", temp, errno);
  auto written = write_all(fd.get(), content, temp);
  if (written && ::fsync(fd.get()) != 0) written = file_failure("sync", temp, errno);
  if (written && ::rename(temp.c_str(), path.c_str()) != 0)
    written = file_failure("replace", path, errno);
  if (!written) {
    ::unlink(temp.c_str());
    return written;
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const UniqueFd dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir) ::fsync(dir.get());
  return {};
}

Result<> make_dirs(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return file_failure("create folder", path, error.value());
  return {};
}

Result<AppendFile> AppendFile::open(const fs::path& path, bool truncate) {
  AppendFile file;
  file.fd_ = UniqueFd(::open(
      path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (truncate ? O_TRUNC : 0), 0644));
  if (!file.fd_) return file_failure("open", path, errno);
  struct stat info {};
  if (::fstat(file.fd_.get(), &info) != 0) return file_failure("stat", path, errno);
  file.size_ = static_cast<std::uint64_t>(info.st_size);
  file.path_ = path;
  return file;
}

Result<> AppendFile::append(std::string_view record) {
  auto written = write_all(fd_.get(), record, path_);
  if (!written) {
    // Half a record would spoil the next one too, should there be room again.
    // A device or pipe cannot be cut, and has kept nothing.
    [[maybe_unused]] const int cut = ::ftruncate(fd_.get(), static_cast<off_t>(size_));
    return written;
  }
  size_ += record.size();
  return {};
}

Result<> AppendFile::sync() {
  if (::fdatasync(fd_.get()) != 0) return file_failure("sync", path_, errno);
  return {};
}

Result<FileLock> FileLock::acquire(const fs::path& path, Duration wait, std::string_view what_for) {
  FileLock lock;
  lock.fd_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock.fd_) return file_failure("open", path, errno);
  const auto deadline = Clock::system().monotonic() + wait;
  while (::flock(lock.fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return file_failure("lock", path, errno);
    if (Clock::system().monotonic() >= deadline)
      return Failure("lock.busy", Blame::bench,
                     fmt::format("another process holds {} ({}), waited {}", path.string(),
                                 what_for, human_duration(wait)),
                     "wait for it to end, or find it with: fuser " + path.string());
    ::poll(nullptr, 0, 50);  // flock has no timed form; 20 tries a second cost nothing
  }
  return lock;
}

Result<TempDir> TempDir::make(std::string_view prefix, const fs::path& under) {
  std::error_code error;
  fs::path base = under.empty() ? fs::temp_directory_path(error) : under;
  if (error) base = "/tmp";
  std::string pattern = (base / (std::string(prefix) + ".XXXXXX")).string();
  if (!::mkdtemp(pattern.data())) return file_failure("create folder", pattern, errno);
  return TempDir(pattern);
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  std::error_code ignored;  // a destructor has nobody to tell; the folder lies in a temporary place
  fs::remove_all(path_, ignored);
}

Result<std::uint64_t> free_space(const fs::path& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return file_failure("look at", path, errno);
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace seatrial::io
