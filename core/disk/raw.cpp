// SPDX-License-Identifier: Apache-2.0
#include "core/disk/raw.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/io/file.hpp"

namespace seatrial::disk {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t block = 65536;
constexpr auto qemu_time = std::chrono::minutes(5);

Result<io::UniqueFd> open_file(const fs::path& path, int flags) {
  io::UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!fd) return io::file_failure("open", path, errno);
  return fd;
}

Result<std::size_t> read_some(int fd, const fs::path& path, char* into, std::uint64_t offset,
                              std::size_t size) {
  std::size_t got = 0;
  while (got < size) {
    const auto n = ::pread(fd, into + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::file_failure("read", path, errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

Result<> write_all(int fd, const fs::path& path, std::string_view bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::file_failure("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
  return {};
}

/// The next byte at or behind `at` that is not in a hole; `end` when there is none.
std::uint64_t next_data(int fd, std::uint64_t at, std::uint64_t end) {
  const auto found = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
  if (found < 0) return errno == ENXIO ? end : at;
  return std::min(end, static_cast<std::uint64_t>(found));
}

}  // namespace

Result<std::string> read_at(const fs::path& path, std::uint64_t offset, std::size_t size) {
  TRY(const auto fd, open_file(path, O_RDONLY));
  std::string bytes(size, '\0');
  TRY(const auto got, read_some(fd.get(), path, bytes.data(), offset, size));
  bytes.resize(got);
  return bytes;
}

Result<std::string> qemu_tool(const fs::path& image, io::Command command) {
  command.env.emplace_back("LC_ALL", "C");
  const std::string name = command.program;
  auto done =
      io::run_checked(std::move(command), Budget(qemu_time, name), "image.tool", Blame::bench);
  if (done) return done;
  const auto& text = done.error().what();
  if (text.find("Failed to get") != std::string::npos && text.find("lock") != std::string::npos)
    return Failure("image.in_use", Blame::bench,
                   fmt::format("{} is in use by a running QEMU", image.string()),
                   "power the device off first");
  if (text.find("Could not open") != std::string::npos)
    return Failure("image.damaged", Blame::suite,
                   fmt::format("{} cannot be read: {}", image.string(), text),
                   "check that its backing file is where it was; else make it again");
  return done;
}

Result<std::vector<Change>> changed_blocks(const Window& before, const Window& after) {
  TRY(const auto old_fd, open_file(before.file, O_RDONLY));
  TRY(const auto new_fd, open_file(after.file, O_RDONLY));
  std::vector<Change> out;
  std::string was(block, '\0'), is(block, '\0');
  for (std::uint64_t at = 0; at < after.size; at += block) {
    const auto size = static_cast<std::size_t>(std::min(block, after.size - at));
    TRY(const auto a, read_some(old_fd.get(), before.file, was.data(), before.offset + at, size));
    TRY(const auto b, read_some(new_fd.get(), after.file, is.data(), after.offset + at, size));
    if (b < size)
      return Failure("image.truncated", Blame::bench, "the edited copy of a partition is cut short",
                     "free space in the temporary folder and try again");
    if (a != b || was.compare(0, size, is, 0, size) != 0) out.push_back({at, is.substr(0, size)});
  }
  std::reverse(out.begin(), out.end());
  return out;
}

Result<> write_raw(const fs::path& path, std::uint64_t start, const std::vector<Change>& changes) {
  TRY(const auto fd, open_file(path, O_WRONLY));
  for (const auto& change : changes)
    CHECK_OK(write_all(fd.get(), path, change.bytes, start + change.offset));
  if (::fdatasync(fd.get()) != 0) return io::file_failure("sync", path, errno);
  return {};
}

Result<> write_qcow2(const fs::path& path, std::uint64_t start,
                     const std::vector<Change>& changes) {
  TRY(const auto folder, io::TempDir::make("seatrial-write"));
  auto command = io::cmd("qemu-io").arg("-f").arg("qcow2");
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto file = folder.path() / std::to_string(i);
    CHECK_OK(io::write_file_atomic(file, changes[i].bytes));
    command.arg("-c").arg(fmt::format("write -q -s {} {} {}", file.string(),
                                      start + changes[i].offset, changes[i].bytes.size()));
  }
  command.arg("-c").arg("flush").arg(path.string());
  TRY(const auto said, qemu_tool(path, std::move(command)));
  if (said.find("failed") == std::string::npos) return {};
  return Failure("image.tool", Blame::bench,
                 fmt::format("qemu-io could not write {}: {}", path.string(), said),
                 "check free disk space and permissions");
}

Result<> write_served(NbdClient& server, std::uint64_t start, const std::vector<Change>& changes) {
  for (const auto& change : changes) CHECK_OK(server.write(start + change.offset, change.bytes));
  return server.flush();
}

Result<> copy_served(NbdClient& server, std::uint64_t offset, std::uint64_t size,
                     const fs::path& to) {
  TRY(const auto fd, open_file(to, O_WRONLY | O_CREAT | O_TRUNC));
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
    return io::file_failure("size", to, errno);
  std::string chunk(1u << 20, '\0');
  for (std::uint64_t at = 0; at < size; at += chunk.size()) {
    chunk.resize(static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), size - at)));
    CHECK_OK(server.read(offset + at, chunk));
    for (std::size_t i = 0; i < chunk.size(); i += block) {
      const auto part = std::string_view(chunk).substr(i, block);
      if (part.find_first_not_of('\0') != part.npos)
        CHECK_OK(write_all(fd.get(), to, part, at + i));
    }
  }
  return {};
}

Result<std::vector<std::uint64_t>> search(const Window& window, const std::string& needle,
                                          std::size_t most) {
  constexpr std::size_t chunk = 4u << 20;
  std::vector<std::uint64_t> found;
  if (needle.empty() || needle.size() > chunk)
    return Failure("disk.empty_search", Blame::suite, "nothing to search for, or too much",
                   "give a text of 1 byte to 4 MiB");
  TRY(const auto fd, open_file(window.file, O_RDONLY));
  const std::uint64_t end = window.offset + window.size;
  // A needle with a NUL in it may begin or end in a hole; any other cannot.
  const bool skip_holes = needle.find('\0') == std::string::npos;
  std::string buffer;  // the end of the last block, then the next block
  for (std::uint64_t at = window.offset; at < end && found.size() < most;) {
    if (const auto data = skip_holes ? next_data(fd.get(), at, end) : at; data > at) {
      buffer.clear();
      at = data;
      if (at >= end) break;
    }
    const auto kept = std::min(buffer.size(), needle.size() - 1);
    buffer.erase(0, buffer.size() - kept);
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, end - at));
    buffer.resize(kept + size);
    TRY(const auto got, read_some(fd.get(), window.file, buffer.data() + kept, at, size));
    if (got == 0) break;
    buffer.resize(kept + got);
    const std::uint64_t base = at - kept - window.offset;
    for (auto hit = buffer.find(needle); hit != std::string::npos && found.size() < most;
         hit = buffer.find(needle, hit + 1))
      found.push_back(base + hit);
    at += got;
  }
  return found;
}

}  // namespace seatrial::disk
