// SPDX-License-Identifier: Apache-2.0
#include "core/model/console_log.hpp"

#include <algorithm>
#include <cstring>
#include <deque>

namespace seatrial::model {
namespace {

constexpr std::size_t longest_line = 64u << 10;

template <class T>
void put(char* at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    at[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

template <class T>
T get(const char* at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  return static_cast<T>(value);
}

std::uint32_t fnv1a(const char* data, std::size_t size) {
  std::uint32_t hash = 2166136261u;
  for (std::size_t i = 0; i < size; ++i)
    hash = (hash ^ static_cast<unsigned char>(data[i])) * 16777619u;
  return hash;
}

std::string without_line_end(std::string line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return line;
}

}  // namespace

std::string_view to_string(ConsoleMark mark) {
  switch (mark) {
    case ConsoleMark::bytes: return "bytes";
    case ConsoleMark::power_on: return "power on";
    case ConsoleMark::power_off: return "power off";
    case ConsoleMark::connected: return "console connected";
    case ConsoleMark::disconnected: return "console disconnected";
    case ConsoleMark::lost: return "bytes lost";
  }
  return "unknown mark";
}

std::array<char, console_stamp_size> encode(const ConsoleStamp& stamp) {
  std::array<char, console_stamp_size> out{};
  put<std::uint64_t>(&out[0], stamp.offset);
  put<std::int64_t>(&out[8], stamp.monotonic.count());
  put<std::int64_t>(&out[16], stamp.wall.count());
  put<std::uint32_t>(&out[24], static_cast<std::uint32_t>(stamp.mark));
  put<std::uint32_t>(&out[28], fnv1a(out.data(), 28));
  return out;
}

std::optional<ConsoleStamp> decode_console_stamp(std::span<const char, console_stamp_size> bytes) {
  const char* at = bytes.data();
  if (get<std::uint32_t>(at + 28) != fnv1a(at, 28)) return std::nullopt;
  ConsoleStamp stamp;
  stamp.offset = get<std::uint64_t>(at);
  stamp.monotonic = Duration(get<std::int64_t>(at + 8));
  stamp.wall = Duration(get<std::int64_t>(at + 16));
  stamp.mark = static_cast<ConsoleMark>(get<std::uint32_t>(at + 24));
  return stamp;
}

Result<ConsoleReader> ConsoleReader::open(const std::filesystem::path& folder) {
  ConsoleReader reader;
  reader.path_ = folder / console_log_name;
  reader.log_.open(reader.path_, std::ios::binary);
  std::error_code error;
  if (reader.log_) reader.size_ = std::filesystem::file_size(reader.path_, error);
  if (!reader.log_ || error)
    return Failure("console.no_log", Blame::bench, "cannot read " + reader.path_.string(),
                   "check that the folder is the evidence folder of a run");
  const auto index = folder / console_index_name;
  reader.index_.open(index, std::ios::binary);
  if (reader.index_) {
    const auto size = std::filesystem::file_size(index, error);
    if (!error) reader.stamps_ = size / console_stamp_size;
  }
  return reader;
}

std::string ConsoleReader::read(std::uint64_t from, std::size_t size) {
  if (from >= size_) return {};
  std::string out(static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - from)), '\0');
  log_.clear();
  log_.seekg(static_cast<std::streamoff>(from));
  log_.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(std::max<std::streamsize>(log_.gcount(), 0)));
  return out;
}

Result<std::string> ConsoleReader::bytes(std::uint64_t from, std::uint64_t to, std::size_t most) {
  to = std::min(to, size_);
  if (from >= to) return std::string();
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(to - from, most));
  auto out = read(from, want);
  if (out.size() < want)
    return Failure("console.read", Blame::bench, "cannot read " + path_.string() + " to its end",
                   "check the disk it lies on");
  return out;
}

Result<std::vector<ConsoleLine>> ConsoleReader::lines(std::uint64_t from, std::uint64_t to,
                                                      std::size_t most) {
  std::vector<ConsoleLine> out;
  std::size_t taken = 0;
  to = std::min(to, size_);
  while (from < to && taken < most) {
    // Lines are read in pieces of the longest line, so memory is that plus what is returned.
    const std::string piece = read(from, longest_line);
    if (piece.empty()) break;
    std::size_t begin = 0;
    while (begin < piece.size() && from + begin < to && taken < most) {
      const auto end = piece.find('\n', begin);
      const bool cut = end == std::string::npos;
      if (cut && begin > 0 && piece.size() == longest_line) break;  // read on from its beginning
      ConsoleLine line{from + begin, without_line_end(piece.substr(begin, end - begin)), !cut};
      taken += line.text.size() + 1;
      out.push_back(std::move(line));
      begin = cut ? piece.size() : end + 1;
    }
    from += begin;
  }
  return out;
}

Result<std::vector<ConsoleLine>> ConsoleReader::tail(std::size_t n, std::size_t most,
                                                     std::uint64_t end) {
  end = std::min(end, size_);
  const std::uint64_t lowest = end > most ? end - most : 0;
  std::deque<std::uint64_t> begins;  // of the lines found, first line first
  std::uint64_t low = end;
  // A newline at the very end closes the last line, it does not open another one.
  std::uint64_t skip = end == 0 ? 0 : end - 1;
  while (begins.size() < n && low > lowest) {
    const std::uint64_t from = low - std::min<std::uint64_t>(low - lowest, longest_line);
    const std::string piece = read(from, static_cast<std::size_t>(low - from));
    if (piece.size() != low - from) break;
    for (std::size_t i = piece.size(); i-- > 0 && begins.size() < n;)
      if (piece[i] == '\n' && from + i != skip) begins.push_front(from + i + 1);
    low = from;
  }
  if (begins.size() < n && low == lowest && end > lowest) begins.push_front(lowest);
  if (begins.empty()) return std::vector<ConsoleLine>();
  return lines(begins.front(), end, most);
}

std::optional<std::pair<std::uint64_t, ConsoleStamp>> ConsoleReader::stamp_from(std::uint64_t i) {
  for (; i < stamps_; ++i) {
    std::array<char, console_stamp_size> bytes{};
    index_.clear();
    index_.seekg(static_cast<std::streamoff>(i * console_stamp_size));
    if (!index_.read(bytes.data(), bytes.size())) return std::nullopt;
    if (const auto stamp = decode_console_stamp(bytes)) return std::pair(i, *stamp);
  }
  return std::nullopt;
}

std::optional<ConsoleStamp> ConsoleReader::time_of(std::uint64_t offset) {
  // The last record of bytes whose offset is not above: find the first record that is above, then
  // step back over other marks.
  std::uint64_t low = 0, high = stamps_;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    const auto found = stamp_from(middle);
    if (!found || found->second.offset > offset)
      high = middle;
    else
      low = found->first + 1;
  }
  for (std::uint64_t i = low; i-- > 0;) {
    const auto found = stamp_from(i);
    if (found && found->first == i && found->second.mark == ConsoleMark::bytes &&
        found->second.offset <= offset)
      return found->second;
  }
  return std::nullopt;
}

std::uint64_t ConsoleReader::offset_at(Duration monotonic) {
  std::uint64_t low = 0, high = stamps_;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    const auto found = stamp_from(middle);
    if (!found || found->second.monotonic >= monotonic)
      high = middle;
    else
      low = found->first + 1;
  }
  const auto found = stamp_from(low);
  return found ? std::min(found->second.offset, size_) : size_;
}

std::vector<ConsoleStamp> ConsoleReader::marks(std::size_t most) {
  std::vector<ConsoleStamp> out;
  std::vector<char> piece(console_stamp_size * 1024);
  index_.clear();
  index_.seekg(0);
  while (out.size() < most && index_) {
    index_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto records = static_cast<std::size_t>(index_.gcount()) / console_stamp_size;
    for (std::size_t i = 0; i < records && out.size() < most; ++i) {
      const auto stamp = decode_console_stamp(std::span<const char, console_stamp_size>(
          &piece[i * console_stamp_size], console_stamp_size));
      if (stamp && stamp->mark != ConsoleMark::bytes) out.push_back(*stamp);
    }
    if (records == 0) break;
  }
  return out;
}

}  // namespace seatrial::model
