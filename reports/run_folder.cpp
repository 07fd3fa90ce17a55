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

RunFolder::RunFolder(fs::path path, std::string_view) : path_(std::move(path)) {
  std::error_code gone;
  const auto size = fs::file_size(path_ / "console.log", gone);
  if (!gone) console_size_ = size;
}

std::string RunFolder::console(std::uint64_t offset, std::size_t most) const {
  if (offset >= console_size_) return {};
  std::ifstream file(path_ / "console.log", std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  std::string bytes(std::min<std::uint64_t>(most, console_size_ - offset), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes;
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

std::optional<double> RunFolder::console_time(std::uint64_t) const { return std::nullopt; }
std::optional<std::uint64_t> RunFolder::console_offset_at(double) const { return std::nullopt; }

Result<> write_whole(const fs::path& path, std::string_view content) {
  const fs::path beside = path.string() + ".tmp" + std::to_string(::getpid());
  const auto failed = [&](const char* doing) {
    const int error = errno;
    std::error_code ignored;
    fs::remove(beside, ignored);
    return Failure("report.not_written", Blame::bench,
                   std::string("cannot ") + doing + " " + path.string() + ": " +
                       std::strerror(error),
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
