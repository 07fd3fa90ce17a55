// SPDX-License-Identifier: Apache-2.0
#include "core/disk/disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <chrono>

#include "core/disk/fat.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::disk {
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr Duration kQemuImg = 120s;

Result<std::string> read_at(const fs::path& path, std::uint64_t offset, std::size_t size) {
  const io::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return io::file_failure("open", path, errno);
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n =
        ::pread(fd.get(), bytes.data() + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::file_failure("read", path, errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

/// QEMU's key=value syntax doubles commas.
std::string escaped(const fs::path& path) {
  std::string text;
  for (const char c : path.string()) text += c == ',' ? ",," : std::string(1, c);
  return text;
}

std::string window_options(const fs::path& qcow2, std::uint64_t offset, std::uint64_t size) {
  return fmt::format(
      "driver=raw,offset={},size={},file.driver=qcow2,file.file.driver=file,file.file.filename={}",
      offset, size, escaped(qcow2));
}

Result<> copy_out(const fs::path& qcow2, std::uint64_t offset, std::uint64_t size,
                  const fs::path& to) {
  auto command = io::cmd("qemu-img")
                     .arg("convert")
                     .arg("-U")
                     .arg("--image-opts")
                     .arg(window_options(qcow2, offset, size));
  command.arg("-O").arg("raw").arg(to.string());
  TRY(auto ignored,
      io::run_checked(std::move(command), Budget(kQemuImg, "qemu-img to copy a partition"),
                      "disk.read", Blame::bench));
  (void)ignored;
  return {};
}

struct Size {
  std::uint64_t bytes;
  bool block_device;
};

Result<Size> size_of(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT)
      return Failure("image.missing", Blame::suite, "there is no image " + path.string(),
                     "check the path; `seatrial list images` shows what is in the catalogue");
    return io::file_failure("look at", path, errno);
  }
  if (S_ISDIR(info.st_mode))
    return Failure("image.not_an_image", Blame::suite, path.string() + " is a folder",
                   "give a disk image");
  if (!S_ISBLK(info.st_mode)) return Size{static_cast<std::uint64_t>(info.st_size), false};
  const io::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::uint64_t bytes = 0;
  if (!fd || ::ioctl(fd.get(), BLKGETSIZE64, &bytes) != 0)
    return io::file_failure("look at", path, errno);
  return Size{bytes, true};
}

Failure foreign(const fs::path& path, std::string_view head) {
  const auto starts = [&](std::string_view magic) { return head.substr(0, magic.size()) == magic; };
  if (starts("\x1f\x8b") || starts("\x28\xb5\x2f\xfd") ||
      starts(std::string_view("\xfd"
                              "7zXZ\0",
                              6)) ||
      starts("PK\x03\x04") || starts("BZh"))
    return Failure("image.compressed", Blame::suite, path.string() + " is compressed",
                   "give it to `seatrial run --image`, which unpacks it, or unpack it first");
  if (starts("\x04\x22\x4d\x18") || starts("LZIP") || starts("7z\xbc\xaf") || starts("Rar!"))
    return Failure("image.unknown_compression", Blame::suite,
                   path.string() + " is packed in a way that is not supported",
                   "use raw, .gz, .zip, .zst, .xz or .bz2");
  return Failure("image.not_an_image", Blame::suite,
                 path.string() + " is not a disk image: it has no partition table",
                 "give a disk image of an OS");
}

}  // namespace

Result<Disk> Disk::open(const fs::path& path) {
  TRY(const auto size, size_of(path));
  if (size.bytes == 0)
    return Failure("image.empty", Blame::suite, path.string() + " is empty",
                   "build or download the image again");
  TRY(const auto head, read_at(path, 0, 4096));
  Disk disk;
  disk.path_ = path;
  disk.size_ = size.bytes;
  disk.format_ = "raw";
  ReadAt read = [&](std::uint64_t offset, std::size_t count) {
    return read_at(path, offset, count);
  };
  if (head.compare(0, 4, "QFI\xfb") == 0 && !size.block_device) {
    disk.format_ = "qcow2";
    if (head.size() < 72)
      return Failure("image.truncated", Blame::suite, path.string() + " is a cut-off qcow2 file",
                     "build it again");
    disk.size_ = 0;
    for (int i = 24; i < 32; ++i)
      disk.size_ = disk.size_ << 8 | static_cast<unsigned char>(head[static_cast<std::size_t>(i)]);
    // The table lies in the first MiB, but for the entries of odd GPTs and of logical partitions.
    read = [&](std::uint64_t offset, std::size_t count) -> Result<std::string> {
      TRY(const auto folder, io::TempDir::make("disk"));
      const auto wanted =
          (std::min<std::uint64_t>(count, disk.size_ - std::min(disk.size_, offset)) + 511) / 512 *
          512;
      CHECK_OK(copy_out(path, offset / 512 * 512, wanted, folder.path() / "head"));
      return read_at(folder.path() / "head", 0, count);
    };
  }
  auto table = read_partition_table(read, disk.size_);
  if (!table) {
    if (table.error().code() == "image.not_an_image") return foreign(path, head);
    return std::move(table.error()).with("reading " + path.string());
  }
  disk.table_ = std::move(*table);
  return disk;
}

const Partition* Disk::by_number(int number) const {
  for (const auto& partition : table_.partitions)
    if (partition.number == number) return &partition;
  return nullptr;
}

const Partition* Disk::by_name(const std::string& name) const {
  for (const auto& partition : table_.partitions)
    if (partition.name == name) return &partition;
  return nullptr;
}

Result<Window> Disk::window(const Partition& partition, bool private_copy) const {
  if (format_ == "raw" && !private_copy)
    return Window{path_, partition.start, partition.size, nullptr};
  TRY(auto folder, io::TempDir::make("disk"));
  auto keep = std::make_shared<io::TempDir>(std::move(folder));
  const fs::path copy = keep->path() / "partition";
  if (format_ == "raw") {
    auto command = io::cmd("qemu-img").arg("convert").arg("-U").arg("--image-opts");
    command.arg(fmt::format("driver=raw,offset={},size={},file.driver=file,file.filename={}",
                            partition.start, partition.size, escaped(path_)));
    command.arg("-O").arg("raw").arg(copy.string());
    TRY(auto ignored,
        io::run_checked(std::move(command), Budget(kQemuImg, "qemu-img to copy a partition"),
                        "disk.read", Blame::bench));
    (void)ignored;
  } else {
    CHECK_OK(copy_out(path_, partition.start, partition.size, copy));
  }
  return Window{copy, 0, partition.size, keep};
}

Result<> Disk::write_back(const Partition& partition, const Window& window) const {
  if (!window.copy) return {};
  if (format_ == "raw")
    return Failure("disk.write", Blame::seatrial, "a private copy of a raw disk is for reading",
                   "edit the window in place");
  auto command =
      io::cmd("qemu-img").arg("convert").arg("-n").arg("-f").arg("raw").arg(window.file.string());
  command.arg("--target-image-opts").arg(window_options(path_, partition.start, partition.size));
  TRY(auto ignored,
      io::run_checked(std::move(command), Budget(kQemuImg, "qemu-img to write a partition"),
                      "disk.write", Blame::bench));
  (void)ignored;
  return {};
}

Result<Partition> find_boot_partition(const Disk& disk) {
  static constexpr std::string_view kNames[] = {"resin-boot", "flash-boot", "balena-boot"};
  const auto named = [](const std::string& name) {
    for (const auto known : kNames)
      if (name == known) return true;
    return false;
  };
  for (const auto& partition : disk.table().partitions)
    if (named(partition.name)) return partition;
  std::vector<std::pair<Partition, Window>> fats;
  for (const auto& partition : disk.table().partitions) {
    if (partition.size > (2ull << 30) || partition.size < 65536) continue;
    TRY(auto window, disk.window(partition));
    TRY(const auto info, identify(window));
    if (info.type != "vfat") continue;
    if (named(info.label)) return partition;
    fats.emplace_back(partition, std::move(window));
  }
  for (const auto& [partition, window] : fats)
    if (Fat(window).read("/device-type.json")) return partition;
  return Failure(
      "image.no_boot_partition", Blame::suite,
      disk.path().string() + " has no boot partition (resin-boot, flash-boot or balena-boot)",
      "give an image of a balenaOS-like OS; `seatrial image inspect` shows its partitions");
}

Result<FilesystemInfo> identify(const Window& window) {
  TRY(const auto head, read_at(window.file, window.offset, 4096));
  FilesystemInfo info;
  const auto text = [&](std::size_t at, std::size_t size) {
    std::string value = head.substr(at, size);
    value.resize(std::min(value.find('\0') == std::string::npos ? value.size() : value.find('\0'),
                          value.size()));
    while (!value.empty() && value.back() == ' ') value.pop_back();
    return value;
  };
  if (head.size() < 4096) return info;
  if (head.compare(54, 3, "FAT") == 0) {
    info = {"vfat", text(43, 11), ""};
  } else if (head.compare(82, 5, "FAT32") == 0) {
    info = {"vfat", text(71, 11), ""};
  } else if (head.compare(0, 4, "hsqs") == 0) {
    info.type = "squashfs";
  } else if (static_cast<unsigned char>(head[1080]) == 0x53 &&
             static_cast<unsigned char>(head[1081]) == 0xef) {
    info = {"ext4", text(1144, 16), ""};
    for (std::size_t i = 0; i < 16; ++i) {
      info.uuid += fmt::format("{:02x}", static_cast<unsigned char>(head[1128 + i]));
      if (i == 3 || i == 5 || i == 7 || i == 9) info.uuid += '-';
    }
  }
  if (info.type ==
      "vfat")  // the name in the boot sector may be stale: the root folder's entry is the label
    if (auto label = Fat(window).label(); label && !label->empty()) info.label = *label;
  return info;
}

Result<std::vector<std::uint64_t>> search(const Window& window, const std::string& needle,
                                          std::size_t most) {
  std::vector<std::uint64_t> found;
  if (needle.empty())
    return Failure("disk.empty_search", Blame::suite, "there is nothing to search for",
                   "give a text");
  constexpr std::size_t kChunk = 4u << 20;
  std::string carried;
  for (std::uint64_t at = 0; at < window.size && found.size() < most;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, window.size - at));
    TRY(const auto chunk, read_at(window.file, window.offset + at, count));
    if (chunk.empty()) break;
    const std::string text = carried + chunk;
    const std::uint64_t base = at - carried.size();
    for (auto hit = text.find(needle); hit != std::string::npos && found.size() < most;
         hit = text.find(needle, hit + 1))
      found.push_back(base + hit);
    carried = text.substr(text.size() - std::min(text.size(), needle.size() - 1));
    at += chunk.size();
  }
  return found;
}

}  // namespace seatrial::disk
