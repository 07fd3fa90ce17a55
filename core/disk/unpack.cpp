// SPDX-License-Identifier: Apache-2.0
#include "core/disk/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "core/io/fd.hpp"
#include "core/io/file.hpp"

namespace seatrial::disk {
namespace {

using Archive = std::unique_ptr<archive, decltype(&archive_read_free)>;

Failure damaged(const std::filesystem::path& packed, archive* from) {
  const char* words = archive_error_string(from);
  return Failure("image.damaged_archive", Blame::suite,
                 packed.string() + " cannot be unpacked: " + (words ? words : "it is damaged"),
                 "download or build it again");
}

bool all_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == '\0'; });
}

/// Writes a block at an offset; blocks of zeros stay holes.
Result<> put(const io::UniqueFd& fd, const std::filesystem::path& into, std::string_view block,
             std::uint64_t offset) {
  if (all_zero(block)) return {};
  while (!block.empty()) {
    const auto n = ::pwrite(fd.get(), block.data(), block.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::file_failure("write", into, errno);
    block.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

}  // namespace

Result<> unpack(const std::filesystem::path& packed, const std::filesystem::path& into,
                const std::function<void(std::uint64_t)>& progress) {
  const Archive from(archive_read_new(), &archive_read_free);
  archive_read_support_filter_all(from.get());
  archive_read_support_format_raw(from.get());
  archive_read_support_format_zip(from.get());
  archive_read_support_format_tar(from.get());
  if (archive_read_open_filename(from.get(), packed.c_str(), 1u << 20) != ARCHIVE_OK)
    return damaged(packed, from.get());
  archive_entry* entry = nullptr;
  int status = archive_read_next_header(from.get(), &entry);
  while (status == ARCHIVE_OK && archive_format(from.get()) != ARCHIVE_FORMAT_RAW &&
         archive_entry_filetype(entry) != AE_IFREG)
    status = archive_read_next_header(from.get(), &entry);
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return damaged(packed, from.get());

  // Bytes that no filter understood come through as they are.
  if (archive_format(from.get()) == ARCHIVE_FORMAT_RAW && archive_filter_count(from.get()) < 2)
    return damaged(packed, from.get());
  const io::UniqueFd fd(::open(into.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return io::file_failure("create", into, errno);
  std::uint64_t size = 0, told = 0;
  for (;;) {
    const void* block = nullptr;
    std::size_t length = 0;
    la_int64_t offset = 0;
    const int read = archive_read_data_block(from.get(), &block, &length, &offset);
    if (read == ARCHIVE_EOF) break;
    if (read != ARCHIVE_OK && read != ARCHIVE_WARN) return damaged(packed, from.get());
    const auto at = static_cast<std::uint64_t>(offset);
    CHECK_OK(put(fd, into, {static_cast<const char*>(block), length}, at));
    size = std::max(size, at + length);
    if (progress && size - told >= 64u << 20) progress(told = size);
  }
  if (size == 0)
    return Failure("image.empty", Blame::suite, packed.string() + " holds nothing",
                   "download or build it again");
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
    return io::file_failure("size", into, errno);
  return {};
}

}  // namespace seatrial::disk
