// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/io/file.hpp"

namespace seatrial::cutdisk {
namespace {

constexpr std::uint32_t kMagic = 0x314c4453;  // "SDL1"
constexpr std::size_t kCheckAt = 44;

std::uint32_t fnv(std::string_view bytes, std::uint32_t seed = 2166136261u) {
  for (const unsigned char c : bytes) seed = (seed ^ c) * 16777619u;
  return seed;
}

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}
std::uint64_t get(std::string_view bytes, std::size_t at, int count) {
  std::uint64_t out = 0;
  for (int i = count; i-- > 0;)
    out = out << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return out;
}

/// Words out of a payload; asks for more than there are at most once.
class Words {
 public:
  explicit Words(std::string_view bytes) : bytes_(bytes) {}
  std::uint32_t next() {
    if (at_ + 4 > bytes_.size()) {
      broken_ = true;
      return 0;
    }
    at_ += 4;
    return static_cast<std::uint32_t>(get(bytes_, at_ - 4, 4));
  }
  std::uint64_t next64() {
    const std::uint64_t low = next();
    return low | std::uint64_t{next()} << 32;
  }
  bool broken() const { return broken_; }
  bool done() const { return at_ == bytes_.size(); }
  std::size_t left() const { return (bytes_.size() - at_) / 4; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool broken_ = false;
};

bool known(std::uint64_t kind) {
  return kind < 128 &&
         std::string_view("HWZTFCDEXVGMSBOP").find(static_cast<char>(kind)) != std::string::npos;
}

}  // namespace

std::string encode(const Pages& pages) {
  // Runs of numbers that count up, or of one that stands for no page of the store.
  struct Run {
    PageNumber first;
    std::uint32_t count;
  };
  std::vector<Run> runs;
  for (const auto page : pages.pages) {
    if (!runs.empty()) {
      auto& last = runs.back();
      if (page == (last.first < kFirstStored ? last.first : last.first + last.count)) {
        ++last.count;
        continue;
      }
    }
    runs.push_back({page, 1});
  }
  std::string out;
  put(out, runs.size(), 4);
  put(out, pages.kept.size(), 4);
  for (const auto& run : runs) {
    put(out, run.first, 4);
    put(out, run.count, 4);
  }
  for (const auto seq : pages.kept) put(out, seq, 8);
  for (const auto& patch : pages.patches) {
    put(out, patch.index, 4);
    put(out, patch.page, 4);
  }
  return out;
}

std::optional<Pages> decode(std::string_view payload, std::size_t most) {
  Words words(payload);
  Pages out;
  const auto runs = words.next(), kept = words.next();
  if (words.broken() || runs > words.left() / 2 || kept > words.left() / 2) return std::nullopt;
  for (std::uint32_t i = 0; i < runs; ++i) {
    const auto first = words.next(), count = words.next();
    if (count > most - out.pages.size() || count > UINT32_MAX - first) return std::nullopt;
    for (std::uint32_t k = 0; k < count; ++k)
      out.pages.push_back(first < kFirstStored ? first : first + k);
  }
  for (std::uint32_t i = 0; i < kept; ++i) out.kept.push_back(words.next64());
  while (!words.done() && !words.broken()) {
    const auto index = words.next();
    out.patches.push_back({index, words.next()});
  }
  if (words.broken()) return std::nullopt;
  return out;
}

std::string encode(const Record& record) {
  std::string out;
  out.reserve(kRecordHeader + record.payload.size());
  put(out, kMagic, 4);
  put(out, static_cast<std::uint16_t>(record.kind), 2);
  put(out, record.flags, 2);
  put(out, record.seq, 8);
  put(out, record.ns, 8);
  put(out, record.offset, 8);
  put(out, record.length, 8);
  put(out, record.payload.size(), 4);
  put(out, fnv(record.payload, fnv(out)), 4);
  out += record.payload;
  return out;
}

std::optional<Parsed> parse_record(std::string_view bytes) {
  if (bytes.size() < kRecordHeader || get(bytes, 0, 4) != kMagic) return std::nullopt;
  const auto payload = static_cast<std::size_t>(get(bytes, 40, 4));
  if (payload > kLongestPayload || payload > bytes.size() - kRecordHeader) return std::nullopt;
  const auto content = bytes.substr(kRecordHeader, payload);
  if (get(bytes, kCheckAt, 4) != fnv(content, fnv(bytes.substr(0, kCheckAt)))) return std::nullopt;
  const auto kind = get(bytes, 4, 2);
  if (!known(kind)) return std::nullopt;
  Parsed out;
  out.record.kind = static_cast<Kind>(kind);
  out.record.flags = static_cast<std::uint16_t>(get(bytes, 6, 2));
  out.record.seq = get(bytes, 8, 8);
  out.record.ns = get(bytes, 16, 8);
  out.record.offset = get(bytes, 24, 8);
  out.record.length = get(bytes, 32, 8);
  out.record.payload = std::string(content);
  out.size = kRecordHeader + payload;
  return out;
}

namespace {

/// Every whole record; where the last one ends.
Result<std::uint64_t> walk(int fd, const std::filesystem::path& path,
                           const std::function<Result<>(const Record&)>& each) {
  std::string buffer;
  std::size_t used = 0;
  std::uint64_t at = 0;
  constexpr std::size_t kChunk = 1u << 20;
  for (bool more = true; more;) {
    buffer.erase(0, used);
    used = 0;
    const auto kept = buffer.size();
    buffer.resize(kept + kChunk);
    const auto n = ::pread(fd, buffer.data() + kept, kChunk, static_cast<off_t>(at + kept));
    if (n < 0 && errno != EINTR) return io::file_failure("read", path, errno);
    buffer.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    more = n != 0 && buffer.size() <= kRecordHeader + kLongestPayload + kChunk;
    while (auto parsed = parse_record(std::string_view(buffer).substr(used))) {
      CHECK_OK(each(parsed->record));
      used += parsed->size;
      at += parsed->size;
    }
  }
  return at;
}

}  // namespace

Result<LogFile> LogFile::open(const std::filesystem::path& path) {
  LogFile log;
  log.path_ = path;
  log.fd_ = io::UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log.fd_) return io::file_failure("open", path, errno);
  if (::flock(log.fd_.get(), LOCK_EX | LOCK_NB) != 0)
    return Failure("disk.in_use", Blame::bench, "another disk server has " + path.string(),
                   "end it first: a disk has one server");
  return log;
}

Result<> LogFile::replay(const std::function<Result<>(const Record&)>& each) {
  TRY(size_, walk(fd_.get(), path_, each));
  char head[kRecordHeader];
  const auto n = ::pread(fd_.get(), head, sizeof head, static_cast<off_t>(size_));
  struct stat info {};
  if (n < 0 || ::fstat(fd_.get(), &info) != 0) return io::file_failure("read", path_, errno);
  const std::string_view rest(head, static_cast<std::size_t>(n));
  const auto left = static_cast<std::uint64_t>(info.st_size) - size_;
  // A killed server leaves the beginning of a record, and nothing behind it.
  if (rest.size() == kRecordHeader &&
      (get(rest, 0, 4) != kMagic || kRecordHeader + get(rest, 40, 4) <= left))
    return Failure("disk.log_damaged", Blame::bench,
                   fmt::format("{} is damaged behind byte {}", path_.string(), size_),
                   "check the host's disk; flash the device anew");
  if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0)
    return io::file_failure("cut off the torn end of", path_, errno);
  return {};
}

Result<> LogFile::append(const Record& record) {
  const auto bytes = encode(record);
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const auto n = ::write(fd_.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const auto failure = io::file_failure("write", path_, errno);
      // Half a record would hide all that come after it.
      if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0)
        return std::move(io::file_failure("shorten", path_, errno)).with(failure.what());
      return failure;
    }
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  size_ += bytes.size();
  return {};
}

Result<> read_log(const std::filesystem::path& path,
                  const std::function<Result<>(const Record&)>& each) {
  const io::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return io::file_failure("open", path, errno);
  TRY(const auto end, walk(fd.get(), path, each));
  (void)end;
  return {};
}

}  // namespace seatrial::cutdisk
