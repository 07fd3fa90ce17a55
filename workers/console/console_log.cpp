// SPDX-License-Identifier: Apache-2.0
#include "workers/console/console_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/io/file.hpp"

namespace seatrial::console {
namespace {

using model::ConsoleMark;
using model::ConsoleStamp;

Result<io::UniqueFd> open_for_writing(const std::filesystem::path& path) {
  io::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return io::file_failure("open", path, errno);
  return fd;
}

Result<std::uint64_t> size_of(const io::UniqueFd& fd, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return io::file_failure("stat", path, errno);
  return static_cast<std::uint64_t>(info.st_size);
}

/// A character device (/dev/full in tests) has no positions: plain write then.
ssize_t write_at(int fd, std::string_view data, std::uint64_t offset) {
  const ssize_t n = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
  return n < 0 && errno == ESPIPE ? ::write(fd, data.data(), data.size()) : n;
}

Result<> write_all(int fd, std::string_view data, std::uint64_t offset,
                   const std::filesystem::path& path) {
  while (!data.empty()) {
    const ssize_t n = write_at(fd, data, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::file_failure("write", path, errno);
    data.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

}  // namespace

Result<ConsoleLog> ConsoleLog::open(const std::filesystem::path& folder) {
  return open(folder / model::console_log_name, folder / model::console_index_name);
}

Result<ConsoleLog> ConsoleLog::open(const std::filesystem::path& log,
                                    const std::filesystem::path& index) {
  ConsoleLog out;
  out.log_path_ = log;
  out.index_path_ = index;
  TRY(out.log_, open_for_writing(log));
  TRY(out.index_, open_for_writing(index));
  TRY(out.end_, size_of(out.log_, log));
  TRY(const std::uint64_t records, size_of(out.index_, index));
  out.index_end_ = records - records % model::console_stamp_size;
  return out;
}

Result<> ConsoleLog::write_log(std::string_view bytes) {
  return write_all(log_.get(), bytes, end_, log_path_);
}

Result<> ConsoleLog::write_stamp(const ConsoleStamp& stamp) {
  const auto record = model::encode(stamp);
  CHECK_OK(write_all(index_.get(), std::string_view(record.data(), record.size()), index_end_,
                     index_path_));
  index_end_ += record.size();
  return {};
}

Result<> ConsoleLog::broken(Failure failure, std::size_t size, Duration monotonic, Duration wall) {
  const bool first = !broken_;
  broken_ = true;
  retry_at_ = monotonic + retry_every;
  if (first) {
    const auto told = write_stamp(ConsoleStamp{end_, monotonic, wall, ConsoleMark::lost});
    stamped_ = false;
    if (!told) stamped_ = false;  // the index lies on the same full disk; the zeros still tell
  }
  end_ += size;
  lost_ += size;
  if (!first) return {};
  return std::move(failure).with("recording the console; capture goes on in memory");
}

Result<> ConsoleLog::append(std::string_view bytes, Duration monotonic, Duration wall) {
  if (bytes.empty()) return {};
  if (broken_ && monotonic < retry_at_) {
    end_ += bytes.size();
    lost_ += bytes.size();
    return {};
  }
  const std::uint64_t offset = end_;
  if (auto written = write_log(bytes); !written)
    return broken(std::move(written).error(), bytes.size(), monotonic, wall);
  end_ += bytes.size();
  const bool due = !stamped_ || broken_ || monotonic - last_stamp_ >= stamp_every ||
                   offset - last_stamp_offset_ >= stamp_bytes;
  broken_ = false;
  if (!due) return {};
  stamped_ = true;
  last_stamp_ = monotonic;
  last_stamp_offset_ = offset;
  return write_stamp(ConsoleStamp{offset, monotonic, wall, ConsoleMark::bytes})
      .with("recording when the console spoke");
}

Result<> ConsoleLog::mark(ConsoleMark mark, Duration monotonic, Duration wall) {
  stamped_ = false;  // the next byte gets a time of its own
  return write_stamp(ConsoleStamp{end_, monotonic, wall, mark});
}

Result<> ConsoleLog::sync() {
  if (::fdatasync(log_.get()) != 0) return io::file_failure("sync", log_path_, errno);
  if (::fdatasync(index_.get()) != 0) return io::file_failure("sync", index_path_, errno);
  return {};
}

Result<std::string> ConsoleLog::read(std::uint64_t offset, std::size_t most) const {
  if (offset >= end_) return std::string();
  std::string out(static_cast<std::size_t>(std::min<std::uint64_t>(most, end_ - offset)), '\0');
  std::size_t got = 0;
  while (got < out.size()) {
    const ssize_t n =
        ::pread(log_.get(), &out[got], out.size() - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::file_failure("read", log_path_, errno);
    if (n == 0) break;  // lost at the end of the file: the zeros are right
    got += static_cast<std::size_t>(n);
  }
  return out;
}

}  // namespace seatrial::console
