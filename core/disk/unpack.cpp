// SPDX-License-Identifier: Apache-2.0
#include "core/disk/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/io/file.hpp"
#include "core/io/hash.hpp"

namespace seatrial::disk {
namespace {

namespace fs = std::filesystem;
using Reader = std::unique_ptr<archive, int (*)(archive*)>;
constexpr std::size_t chunk = 1u << 18;
constexpr std::uint64_t space_reserve = 256u << 20;

struct Magic {
  std::string_view bytes, name;
  bool known;
};
using std::string_view_literals::operator""sv;
constexpr Magic magics[] = {{"\x1f\x8b"sv, "gzip", true},
                            {"\xfd"
                             "7zXZ\0"sv,
                             "xz", true},
                            {"\x28\xb5\x2f\xfd"sv, "zstd", true},
                            {"BZh"sv, "bzip2", true},
                            {"\x04\x22\x4d\x18"sv, "lz4", true},
                            {"PK\x03\x04"sv, "zip", true},
                            {"7z\xbc\xaf\x27\x1c"sv, "7z", false},
                            {"Rar!\x1a\x07"sv, "rar", false},
                            {"LZIP"sv, "lzip", false},
                            {"\x89LZO"sv, "lzop", false},
                            {"\x1f\x9d"sv, "compress", false},
                            {"MSCF"sv, "cab", false}};

Failure unpack_failure(const fs::path& path, archive* from) {
  const char* raw = archive_error_string(from);
  const std::string text = raw != nullptr ? raw : "unknown error";
  const bool short_file = text.find("runcated") != std::string::npos ||
                          text.find("nexpected end") != std::string::npos ||
                          text.find("premature") != std::string::npos ||
                          text.find("No progress is possible") != std::string::npos;  // liblzma
  if (short_file)
    return Failure("image.truncated", Blame::suite,
                   fmt::format("{} ends too early: {}", path.string(), text),
                   "the download is incomplete: fetch it again");
  return Failure("image.damaged", Blame::suite,
                 fmt::format("{} cannot be unpacked: {}", path.string(), text),
                 "fetch the file again and compare its checksum");
}

/// Writes blocks of zeros as holes.
class SparseWriter {
 public:
  static Result<SparseWriter> create(const fs::path& path) {
    SparseWriter out;
    out.path_ = path;
    out.fd_ = io::UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!out.fd_) return io::file_failure("create", path, errno);
    return out;
  }
  Result<> write(std::string_view bytes) {
    constexpr std::size_t step = 65536;
    static const std::string zeros(step, '\0');
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      const auto part = bytes.substr(at, step);
      if (std::memcmp(part.data(), zeros.data(), part.size()) != 0)
        CHECK_OK(pwrite_all(part, size_ + at));
    }
    size_ += bytes.size();
    return {};
  }
  Result<> finish() {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0 || ::fsync(fd_.get()) != 0)
      return io::file_failure("write", path_, errno);
    return {};
  }
  std::uint64_t size() const { return size_; }

 private:
  Result<> pwrite_all(std::string_view part, std::uint64_t at) {
    while (!part.empty()) {
      const auto n = ::pwrite(fd_.get(), part.data(), part.size(), static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return io::file_failure("write", path_, errno);
      part.remove_prefix(static_cast<std::size_t>(n));
      at += static_cast<std::uint64_t>(n);
    }
    return {};
  }
  io::UniqueFd fd_;
  fs::path path_;
  std::uint64_t size_ = 0;
};

/// Moves to the member that is the image: the only one of a stream, the first *.img or the first
/// regular file of a zip.
Result<> open_member(archive* in, const fs::path& path, bool zip) {
  archive_entry* entry = nullptr;
  for (;;) {
    const int status = archive_read_next_header(in, &entry);
    if (status == ARCHIVE_EOF)
      return Failure("image.not_an_image", Blame::suite,
                     fmt::format("{} holds no file that could be an image", path.string()),
                     "unpack it and give the image in it");
    if (status < ARCHIVE_WARN) return unpack_failure(path, in);
    if (!zip) return {};
    const fs::path name = archive_entry_pathname(entry) ? archive_entry_pathname(entry) : "";
    const bool image = name.extension() == ".img" || name.extension() == ".raw" ||
                       name.extension() == ".bin" || name.extension() == ".wic";
    if (archive_entry_filetype(entry) == AE_IFREG && image) return {};
  }
}

Result<> unpack(const fs::path& path, bool zip, const fs::path& to,
                const std::function<void(double)>& progress) {
  Reader in(archive_read_new(), archive_read_free);
  archive_read_support_filter_all(in.get());
  if (zip)
    archive_read_support_format_zip(in.get());
  else
    archive_read_support_format_raw(in.get());
  if (archive_read_open_filename(in.get(), path.c_str(), chunk) != ARCHIVE_OK)
    return unpack_failure(path, in.get());
  CHECK_OK(open_member(in.get(), path, zip));
  // Bytes that no filter understood come through as they are.
  if (!zip && archive_filter_count(in.get()) < 2) return unpack_failure(path, in.get());
  const auto packed = static_cast<double>(fs::file_size(path));
  TRY(auto out, SparseWriter::create(to));
  std::string buffer(chunk, '\0');
  for (std::uint64_t checked = 0;;) {
    const auto n = archive_read_data(in.get(), buffer.data(), buffer.size());
    if (n == 0) break;
    if (n < 0) return unpack_failure(path, in.get());
    CHECK_OK(out.write(std::string_view(buffer.data(), static_cast<std::size_t>(n))));
    if (progress) progress(static_cast<double>(archive_filter_bytes(in.get(), -1)) / packed);
    if (out.size() - checked < (64u << 20)) continue;
    checked = out.size();  // a small file may unpack to terabytes of anything
    TRY(auto free, io::free_space(to.parent_path()));
    if (free < space_reserve)
      return Failure("file.disk_full", Blame::suite,
                     fmt::format("unpacking {} filled the disk of the cache", path.string()),
                     "free some space there (seatrial image prune), or set SEATRIAL_CACHE");
  }
  return out.finish();
}

}  // namespace

Compression compression_of(std::string_view head, const fs::path& path) {
  for (const auto& magic : magics)
    if (head.starts_with(magic.bytes)) return {std::string(magic.name), magic.known};
  if (path.extension() == ".br") return {"brotli", false};
  if (path.extension() == ".lzma") return {"lzma", false};
  return {};
}

Failure unknown_compression(const fs::path& path, std::string_view name) {
  return Failure(
      "image.unknown_compression", Blame::suite,
      fmt::format("{} is compressed in a way that is not known here ({})", path.string(), name),
      "unpack it yourself, or compress it with gzip, xz, zstd or zip");
}

Result<fs::path> unpacked_image(const fs::path& path, io::Cache& cache,
                                const std::function<void(double)>& progress) {
  if (!fs::is_regular_file(path)) return path;  // DiskImage::open says what is wrong with it
  std::string head;
  {
    const io::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return io::file_failure("open", path, errno);
    head.resize(64);
    const auto n = ::read(fd.get(), head.data(), head.size());
    head.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  const auto kind = compression_of(head, path);
  if (kind.name.empty()) return path;
  if (!kind.known) return unknown_compression(path, kind.name);
  TRY(auto digest, io::sha256_file(path));
  TRY(auto folder, cache.ensure("unpacked", digest, [&](const fs::path& into) {
    return unpack(path, kind.name == "zip", into / "image.img", progress);
  }));
  return folder / "image.img";
}

}  // namespace seatrial::disk
