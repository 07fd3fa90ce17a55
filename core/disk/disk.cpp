// SPDX-License-Identifier: Apache-2.0
#include "core/disk/disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "core/disk/bytes.hpp"
#include "core/disk/raw.hpp"
#include "core/disk/unpack.hpp"
#include "core/io/file.hpp"

namespace seatrial::disk {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t sector = 512;
constexpr std::size_t head_bytes = 4096;

Result<std::uint64_t> size_of(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT)
      return Failure("image.missing", Blame::suite, "there is no image " + path.string(),
                     "check the path; `seatrial list images` shows what is in the catalogue");
    return io::file_failure("look at", path, errno);
  }
  if (S_ISREG(info.st_mode)) return static_cast<std::uint64_t>(info.st_size);
  if (!S_ISBLK(info.st_mode))
    return Failure("image.not_an_image", Blame::suite,
                   path.string() + (S_ISDIR(info.st_mode) ? " is a folder" : " is no file"),
                   "give a disk image");
  const io::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::uint64_t bytes = 0;
  if (!fd || ::ioctl(fd.get(), BLKGETSIZE64, &bytes) != 0)
    return io::file_failure("look at", path, errno);
  return bytes;
}

/// Why a file without a partition table is no image.
Failure foreign(const fs::path& path, std::string_view head) {
  const auto packed = compression_of(head, path);
  if (packed.known)
    return Failure("image.compressed", Blame::suite,
                   fmt::format("{} is compressed ({})", path.string(), packed.name),
                   "give it to `seatrial run --image`, which unpacks it, or unpack it first");
  if (!packed.name.empty()) return unknown_compression(path, packed.name);
  return Failure("image.not_an_image", Blame::suite,
                 path.string() + " is not a disk image: it has no partition table",
                 "give a raw or qcow2 disk image of an OS, or a compressed one");
}

}  // namespace

/// Size and format, before anything is read of it.
Result<> Disk::look_at(const fs::path& path) {
  path_ = path;
  if (is_nbd_url(path.string())) {
    TRY(auto client, NbdClient::connect(path.string()));
    server_ = std::make_shared<NbdClient>(std::move(client));
    size_ = server_->size();
    format_ = "nbd";
    return {};
  }
  TRY(size_, size_of(path));
  if (size_ == 0)
    return Failure("image.empty", Blame::suite, path.string() + " is empty",
                   "build or download the image again");
  TRY(const auto head, read_at(path, 0, head_bytes));
  format_ = "raw";
  if (!head.starts_with("QFI\xfb")) return {};
  format_ = "qcow2";
  if (head.size() < 72)
    return Failure("image.truncated", Blame::suite, path.string() + " is a cut-off qcow2 file",
                   "build it again");
  size_ = be64(head, 24);
  return {};
}

Result<Disk> Disk::open(const fs::path& path) {
  Disk disk;
  CHECK_OK(disk.look_at(path));
  auto table = read_partition_table(
      [&](std::uint64_t offset, std::size_t size) { return disk.read(offset, size); }, disk.size_);
  if (!table) {
    if (table.error().code() == "image.not_an_image" && disk.format_ == "raw") {
      TRY(const auto head, read_at(path, 0, head_bytes));
      return foreign(path, head);
    }
    return std::move(table.error()).with("reading " + path.string());
  }
  disk.table_ = std::move(*table);
  return disk;
}

const Partition* Disk::by_number(int number) const {
  const auto it = std::find_if(table_.partitions.begin(), table_.partitions.end(),
                               [&](const Partition& part) { return part.number == number; });
  return it == table_.partitions.end() ? nullptr : &*it;
}

const Partition* Disk::by_name(const std::string& name) const {
  const auto it = std::find_if(table_.partitions.begin(), table_.partitions.end(),
                               [&](const Partition& part) { return part.name == name; });
  return it == table_.partitions.end() ? nullptr : &*it;
}

Result<std::string> Disk::read(std::uint64_t offset, std::size_t size) const {
  if (format_ == "raw") return read_at(path_, offset, size);
  if (offset >= size_) return std::string();
  if (server_) {
    std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset)), 0);
    CHECK_OK(server_->read(offset, bytes));
    return bytes;
  }
  // qemu-img speaks sectors: the ones around.
  const std::uint64_t from = offset / sector * sector;
  const std::uint64_t to = std::min((offset + size + sector - 1) / sector * sector, size_);
  TRY(const auto folder, io::TempDir::make("seatrial-disk"));
  CHECK_OK(copy_out(from, to - from, folder.path() / "bytes"));
  return read_at(folder.path() / "bytes", offset - from, size);
}

Result<> Disk::copy_out(std::uint64_t offset, std::uint64_t size, const fs::path& to) const {
  if (server_) return copy_served(*server_, offset, size, to);
  const nlohmann::json source{
      {"driver", "raw"},
      {"offset", offset},
      {"size", size},
      {"file",
       {{"driver", format_}, {"file", {{"driver", "file"}, {"filename", path_.string()}}}}}};
  auto command = io::cmd("qemu-img").arg("convert").arg("-q").arg("-O").arg("raw");
  command.arg("json:" + source.dump()).arg(to.string());
  TRY(const auto said, qemu_tool(path_, std::move(command)));
  return {};
}

Result<Window> Disk::window(const Partition& partition, bool private_copy) const {
  if (format_ == "raw" && !private_copy)
    return Window{path_, partition.start, partition.size, nullptr};
  TRY(auto folder, io::TempDir::make("seatrial-disk"));
  auto keep = std::make_shared<io::TempDir>(std::move(folder));
  const fs::path copy = keep->path() / "partition";
  CHECK_OK(copy_out(partition.start, partition.size, copy));
  return Window{copy, 0, partition.size, keep};
}

Result<> Disk::write_back(const Partition& partition, const Window& window) const {
  if (!window.copy) return {};
  TRY(const auto before, this->window(partition));
  TRY(const auto changes, changed_blocks(before, window));
  if (changes.empty()) return {};
  if (server_) return write_served(*server_, partition.start, changes);
  return format_ == "raw" ? write_raw(path_, partition.start, changes)
                          : write_qcow2(path_, partition.start, changes);
}

Result<FilesystemInfo> identify(const Window& window) {
  return probe_filesystem(
      [&](std::uint64_t offset, std::size_t size) {
        return read_at(window.file, window.offset + offset, size);
      },
      window.size);
}

}  // namespace seatrial::disk
