// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cache: folders of things that can be made again, named by kind and the digest of what they were
// made from. A folder appears whole (atomic rename) or not at all; a lock per folder lets two
// builds at once make it only once; a killed maker leaves only rubbish under tmp/, which prune()
// and the next open() remove. Blocking; any number of processes of one user share one cache.
//
// Root: $SEATRIAL_CACHE, else /var/cache/seatrial for root, else $XDG_CACHE_HOME/seatrial or
// ~/.cache/seatrial.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/io/file.hpp"

namespace seatrial::io {

/// The folder of this user's cache; not created.
fs::path cache_root();

class Cache {
 public:
  /// Creates the root when missing. Fails with "cache.unusable" when it cannot be written.
  static Result<Cache> open(fs::path root = cache_root());

  /// The folder of (kind, key), or an empty path when it is not there. Marks it as used.
  fs::path find(const std::string& kind, const std::string& key) const;
  /// find(), else calls `make` with an empty folder and moves it into place. Waits at most `wait`
  /// for another process that is making the same thing.
  Result<fs::path> ensure(const std::string& kind, const std::string& key,
                          const std::function<Result<>(const fs::path& into)>& make,
                          Duration wait = std::chrono::minutes(20));
  /// Forgets one folder. No-op when it is not there.
  Result<> forget(const std::string& kind, const std::string& key);

  struct PruneReport {
    std::vector<fs::path> removed;
    std::uint64_t bytes = 0;
  };
  /// Removes folders not used for `unused_for` that `keep` does not claim, and left-over rubbish.
  Result<PruneReport> prune(Duration unused_for,
                            const std::function<bool(const fs::path&)>& keep = {});

  const fs::path& root() const { return root_; }
  fs::path tmp() const { return root_ / "tmp"; }

  /// A folder for work in progress, on the file system of the cache: removed with this object, or
  /// by anybody's next open() when this process was killed (a lock tells the living from the dead,
  /// also across containers that share the cache).
  class Work {
   public:
    const fs::path& path() const { return folder_.path(); }

   private:
    friend class Cache;
    Work(TempDir folder, UniqueFd lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}
    TempDir folder_;
    UniqueFd lock_;
  };
  Result<Work> work(std::string_view name) const;

 private:
  explicit Cache(fs::path root) : root_(std::move(root)) {}
  fs::path folder(const std::string& kind, const std::string& key) const;
  fs::path root_;
};

/// Bytes that files below `path` occupy on disk (sparse files count what they hold).
std::uint64_t disk_usage(const fs::path& path);

}  // namespace seatrial::io
