// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <utility>

#include "core/io/file.hpp"
#include "workers/guard/guard.hpp"

namespace seatrial {
namespace fs = std::filesystem;

namespace {

/// sun_path holds 108 bytes with the final zero; the longest name we put into the folder and the
/// suffix that ssh adds to a control socket while it binds take the rest.
constexpr std::size_t kLongestFolder = 60;
constexpr std::size_t kSuffix = sizeof("/s.XXXXXX") - 1;

bool fits(const fs::path& base) {
  std::error_code error;
  return !base.empty() && base.string().size() + kSuffix <= kLongestFolder &&
         fs::is_directory(base, error);
}

}  // namespace

Result<SocketFolder> SocketFolder::make(const fs::path& preferred, Guard* guard) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  std::error_code error;
  const fs::path absolute = preferred.empty() ? fs::path() : fs::absolute(preferred, error);
  std::string pattern = (fits(absolute)                       ? absolute
                         : runtime && fits(fs::path(runtime)) ? fs::path(runtime)
                                                              : fs::path("/tmp")) /
                        "s.XXXXXX";
  if (!::mkdtemp(pattern.data())) return io::file_failure("create folder", pattern, errno);
  if (guard) guard->rmdir_at_end(pattern);
  return SocketFolder(pattern, guard);
}

SocketFolder::SocketFolder(SocketFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), guard_(other.guard_) {}

SocketFolder& SocketFolder::operator=(SocketFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(guard_, other.guard_);
  return *this;
}

SocketFolder::~SocketFolder() {
  if (path_.empty()) return;
  std::error_code ignored;  // a destructor has nobody to tell; the folder lies in a temporary place
  fs::remove_all(path_, ignored);
  if (guard_) guard_->keep(path_);
}

}  // namespace seatrial
