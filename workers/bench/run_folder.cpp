// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/run_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/io/file.hpp"

namespace seatrial::bench {
namespace fs = std::filesystem;

Result<io::UniqueFd> own_run_folder(const fs::path& out) {
  const fs::path path = out / "bench.pid";
  io::UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file) return io::file_failure("open", path, errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return Failure("run.in_use", Blame::bench,
                   "another bench host works in the run folder " + out.string(),
                   "give a folder of its own with --out");
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) != 0 ||
      ::write(file.get(), pid.data(), pid.size()) != static_cast<ssize_t>(pid.size()))
    return io::file_failure("write", path, errno);
  return file;
}

void remove_disks(const fs::path& out) {
  std::error_code ignored;  // at worst they stay
  for (const auto& entry : fs::directory_iterator(out / "private", ignored))
    if (entry.path().extension() == ".pages" || entry.path().extension() == ".vm")
      fs::remove(entry.path(), ignored);
}

}  // namespace seatrial::bench
