// SPDX-License-Identifier: Apache-2.0
#include "reports/run_folder.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "reports/escape.hpp"

namespace seatrial::reports {
namespace fs = std::filesystem;

RunFolder::RunFolder(fs::path path, std::optional<Duration> zero)
    : path_(std::move(path)), zero_(zero) {
  auto reader = model::ConsoleReader::open(path_);
  if (!reader) return;
  reader_ = std::move(*reader);
  // The two clocks of the index differ by a constant, unless somebody set the wall clock meanwhile.
  if (const auto first = reader_->time_of(0))
    monotonic_minus_wall_ = first->monotonic - first->wall;
  else
    zero_.reset();
}

std::string RunFolder::console(std::uint64_t offset, std::size_t most) const {
  if (!reader_ || offset >= reader_->size()) return {};
  auto bytes = reader_->bytes(offset, offset + most, most);
  return bytes ? std::move(*bytes) : std::string();
}

std::optional<double> RunFolder::console_time(std::uint64_t offset) const {
  if (!reader_ || !zero_) return std::nullopt;
  const auto stamp = reader_->time_of(offset);
  if (!stamp) return std::nullopt;
  return seconds(stamp->monotonic - monotonic_minus_wall_ - *zero_);
}

std::optional<std::uint64_t> RunFolder::console_offset_at(double at) const {
  if (!reader_ || !zero_) return std::nullopt;
  return reader_->offset_at(*zero_ + from_seconds(at) + monotonic_minus_wall_);
}

bool RunFolder::has_file(std::string_view relative) const {
  std::error_code gone;
  return relative_url(relative) && fs::is_regular_file(path_ / relative, gone);
}

fs::path RunFolder::seen_from_here(std::string_view relative) const {
  std::error_code gone;
  const auto whole = fs::absolute(path_ / relative, gone).lexically_normal();
  const auto near = whole.lexically_relative(fs::current_path(gone));
  return near.empty() || *near.begin() == ".." ? whole : near;
}

Result<> write_whole(const fs::path& path, std::string_view content) {
  const fs::path beside = path.string() + ".tmp" + std::to_string(::getpid());
  const auto failed = [&](const char* doing) {
    const int error = errno;
    std::error_code ignored;
    fs::remove(beside, ignored);
    return Failure(
        "report.not_written", Blame::bench,
        std::string("cannot ") + doing + " " + path.string() + ": " + std::strerror(error),
        error == ENOSPC ? "free some space on this disk and make the report again"
                        : "make the run folder writable, or copy it to where it is");
  };
  errno = 0;
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    if (!file) return failed("create");
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) return failed("write");
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed("replace");
  return {};
}

}  // namespace seatrial::reports
