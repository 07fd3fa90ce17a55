// SPDX-License-Identifier: Apache-2.0
#include "workers/flash/verified.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/base/log.hpp"
#include "core/io/file.hpp"
#include "core/io/hash.hpp"

namespace seatrial::flash {
namespace fs = std::filesystem;

Result<> verify_base(const fs::path& image, const std::string& digest, const fs::path& cache) {
  struct stat info {};
  if (::stat(image.c_str(), &info) != 0) return io::file_failure("read", image, errno);
  const std::string state = fmt::format(
      "{} {}:{} {} {}.{:09} {}.{:09}\n", digest, info.st_dev, info.st_ino, info.st_size,
      info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
  const fs::path stamp = cache.empty() ? fs::path() : cache / "verified" / digest.substr(0, 64);
  if (!stamp.empty())
    if (const auto known = io::read_file(stamp); known && *known == state) return {};
  TRY(const auto actual, io::sha256_file(image));
  if (actual != digest)
    return Failure("image.changed", Blame::bench,
                   fmt::format("{} is not what its catalogue says: its SHA-256 is {}, not {}",
                               image.string(), actual, digest),
                   "remove it (`seatrial image prune --days 0`) and build it again; check the disk "
                   "it lies on");
  if (stamp.empty()) return {};
  // Without a stamp it is hashed again next time: no reason to fail.
  Result<> kept = io::make_dirs(stamp.parent_path());
  if (kept) kept = io::write_file_atomic(stamp, state);
  if (!kept) log::info("{}", kept.error().describe());
  return {};
}

}  // namespace seatrial::flash
