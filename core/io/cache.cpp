// SPDX-License-Identifier: Apache-2.0
#include "core/io/cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace seatrial::io {
namespace {

constexpr std::string_view used_stamp = ".used";

std::string from_env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void touch_used(const fs::path& folder) {
  std::error_code ignored;  // a cache that cannot be stamped is merely pruned earlier
  fs::last_write_time(folder / used_stamp, fs::file_time_type::clock::now(), ignored);
}

/// A folder whose maker has not yet locked it is younger than this.
constexpr auto settle = std::chrono::minutes(1);

bool is_rubbish(const fs::path& work) {
  std::error_code error;
  const auto made = fs::last_write_time(work, error);
  if (error || made > fs::file_time_type::clock::now() - settle) return false;
  const UniqueFd fd(::open(work.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
}

void remove_rubbish(const fs::path& tmp) {
  std::error_code error;
  for (fs::directory_iterator it(tmp, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (is_rubbish(it->path())) fs::remove_all(it->path(), ignored);
  }
}

}  // namespace

fs::path cache_root() {
  if (const auto given = from_env("SEATRIAL_CACHE"); !given.empty()) return given;
  if (::geteuid() == 0) return "/var/cache/seatrial";
  if (const auto xdg = from_env("XDG_CACHE_HOME"); !xdg.empty()) return fs::path(xdg) / "seatrial";
  const auto home = from_env("HOME");
  return fs::path(home.empty() ? "/tmp" : home) / ".cache" / "seatrial";
}

std::uint64_t disk_usage(const fs::path& path) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    struct stat info {};
    if (::lstat(it->path().c_str(), &info) == 0 && S_ISREG(info.st_mode))
      sum += static_cast<std::uint64_t>(info.st_blocks) * 512;
  }
  return sum;
}

Result<Cache> Cache::open(fs::path root) {
  std::error_code error;
  for (const char* sub : {"", "tmp", "locks"}) {
    fs::create_directories(root / sub, error);
    if (error) break;
  }
  if (error || ::access((root / "tmp").c_str(), W_OK) != 0) {
    return Failure("cache.unusable", Blame::bench,
                   fmt::format("cannot write to the cache folder {}: {}", root.string(),
                               error ? error.message() : "permission denied"),
                   "set SEATRIAL_CACHE to a folder you own, with 3 GB free");
  }
  remove_rubbish(root / "tmp");
  return Cache(std::move(root));
}

Result<Cache::Work> Cache::work(std::string_view name) const {
  TRY(auto folder, TempDir::make(name, tmp()));
  UniqueFd lock(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0)
    return file_failure("lock", folder.path(), errno);
  return Work(std::move(folder), std::move(lock));
}

fs::path Cache::folder(const std::string& kind, const std::string& key) const {
  return root_ / kind / key.substr(0, 24);
}

fs::path Cache::find(const std::string& kind, const std::string& key) const {
  const auto path = folder(kind, key);
  if (!fs::exists(path / used_stamp)) return {};
  touch_used(path);
  return path;
}

Result<fs::path> Cache::ensure(const std::string& kind, const std::string& key,
                               const std::function<Result<>(const fs::path& into)>& make,
                               Duration wait) {
  if (auto found = find(kind, key); !found.empty()) return found;
  const auto target = folder(kind, key);
  TRY(auto lock,
      FileLock::acquire(root_ / "locks" / fmt::format("{}-{}", kind, target.filename().string()),
                        wait, fmt::format("another build of {}", kind)));
  if (auto found = find(kind, key); !found.empty()) return found;

  TRY(auto scratch, work(kind));
  // The cached folder is a child of the work folder: moving it away leaves the work folder to its
  // owner.
  const auto fresh = scratch.path() / "made";
  CHECK_OK(make_dirs(fresh));
  CHECK_OK(make(fresh).with(fmt::format("making {}", kind)));
  CHECK_OK(write_file_atomic(fresh / used_stamp, key + "\n"));
  CHECK_OK(make_dirs(target.parent_path()));
  std::error_code error;
  fs::remove_all(target, error);  // without its stamp it was a torn deletion
  fs::rename(fresh, target, error);
  if (error) return file_failure("move into place", target, error.value());
  return target;
}

Result<> Cache::forget(const std::string& kind, const std::string& key) {
  const auto path = folder(kind, key);
  std::error_code error;
  fs::remove(path / used_stamp, error);  // first, so that a torn deletion is never found
  fs::remove_all(path, error);
  if (error) return file_failure("remove", path, error.value());
  return {};
}

Result<Cache::PruneReport> Cache::prune(Duration unused_for,
                                        const std::function<bool(const fs::path&)>& keep) {
  PruneReport report;
  remove_rubbish(tmp());
  const auto limit = fs::file_time_type::clock::now() -
                     std::chrono::duration_cast<fs::file_time_type::duration>(unused_for);
  std::error_code error;
  std::vector<fs::path> folders;
  for (const auto& kind : fs::directory_iterator(root_, error)) {
    const auto name = kind.path().filename();
    if (!kind.is_directory() || name == "tmp" || name == "locks") continue;
    for (const auto& entry : fs::directory_iterator(kind.path(), error))
      if (entry.is_directory()) folders.push_back(entry.path());
  }
  for (const auto& path : folders) {
    std::error_code missing;
    const auto used = fs::last_write_time(path / used_stamp, missing);
    if ((!missing && used > limit) || (keep && keep(path))) continue;
    const auto bytes = disk_usage(path);
    fs::remove(path / used_stamp, missing);
    fs::remove_all(path, error);
    if (error) return file_failure("remove", path, error.value());
    report.bytes += bytes;
    report.removed.push_back(path);
  }
  return report;
}

}  // namespace seatrial::io
