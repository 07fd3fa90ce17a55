// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/base_file.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "workers/disk/page_store.hpp"

namespace seatrial::cutdisk {
namespace fs = std::filesystem;
namespace {

bool is_qcow2(int fd) {
  char magic[4] = {};
  return ::pread(fd, magic, sizeof magic, 0) == 4 && std::memcmp(magic, "QFI\xfb", 4) == 0;
}

}  // namespace

Result<BaseFile> BaseFile::open(const fs::path& path) {
  BaseFile base;
  if (path.empty()) return base;
  base.path_ = path;
  base.fd_ = io::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!base.fd_) return io::file_failure("open", path, errno);
  struct stat info {};
  if (::fstat(base.fd_.get(), &info) != 0) return io::file_failure("look at", path, errno);
  base.size_ = static_cast<std::uint64_t>(info.st_size);
  if (S_ISBLK(info.st_mode) && ::ioctl(base.fd_.get(), BLKGETSIZE64, &base.size_) != 0)
    return io::file_failure("look at", path, errno);
  if (is_qcow2(base.fd_.get()))
    return Failure("disk.base_not_raw", Blame::seatrial, path.string() + " is a qcow2 image",
                   "make it raw first (raw_base)");
  base.identity_ = static_cast<std::uint64_t>(info.st_ino) * 0x9e3779b97f4a7c15ULL ^
                   (static_cast<std::uint64_t>(info.st_mtim.tv_sec) * 1'000'000'000 +
                    static_cast<std::uint64_t>(info.st_mtim.tv_nsec));
  return base;
}

Result<> BaseFile::read(std::uint64_t offset, std::span<char> into) const {
  const auto there = static_cast<std::size_t>(
      offset >= size_ ? 0 : std::min<std::uint64_t>(into.size(), size_ - offset));
  if (there < into.size()) std::memset(into.data() + there, 0, into.size() - there);
  if (there == 0) return {};
  return read_exactly(fd_.get(), path_, into.first(there), offset);
}

std::uint64_t BaseFile::next_data(std::uint64_t at) const {
  if (at >= size_) return size_;
  const auto found = ::lseek(fd_.get(), static_cast<off_t>(at), SEEK_DATA);
  if (found < 0) return errno == ENXIO ? size_ : at;  // a file system without holes
  return std::min(size_, static_cast<std::uint64_t>(found));
}

std::uint64_t BaseFile::end_of_data(std::uint64_t at) const {
  const auto found = ::lseek(fd_.get(), static_cast<off_t>(at), SEEK_HOLE);
  return found < 0 ? size_ : std::min(size_, static_cast<std::uint64_t>(found));
}

Result<fs::path> raw_base(const fs::path& image, const std::string& digest, io::Cache& cache) {
  const io::UniqueFd fd(::open(image.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return io::file_failure("open", image, errno);
  if (!is_qcow2(fd.get())) return image;
  TRY(const auto folder,
      cache.ensure("raw", digest.substr(0, 24), [&](const fs::path& into) -> Result<> {
        auto convert = io::cmd("qemu-img").arg("convert").arg("-f").arg("qcow2").arg("-O");
        convert.arg("raw").arg(image.string()).arg((into / "disk.img").string());
        TRY(const auto said,
            io::run_checked(std::move(convert), Budget(std::chrono::minutes(10), "qemu-img"),
                            "image.tool", Blame::bench));
        return {};
      }));
  return folder / "disk.img";
}

}  // namespace seatrial::cutdisk
