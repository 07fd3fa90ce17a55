// SPDX-License-Identifier: Apache-2.0
#include "workers/console/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/text.hpp"
#include "core/model/protocol_bytes.hpp"

namespace seatrial::console {
namespace {

template <class T>
std::optional<T> number(std::string_view text) {
  text = trim(text);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// What the DUT's encoder prints for this many bytes.
std::size_t encoded_length(std::size_t bytes, bool base64) {
  return base64 ? (bytes + 2) / 3 * 4 : bytes * 3;
}

std::optional<std::string> base64(std::string_view text) {
  auto bytes = model::from_base64(text);
  return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
}

constexpr std::size_t most_ranges = 8;  // more of them are asked for as one
constexpr std::size_t most_lines = 1u << 20;

}  // namespace

std::uint32_t posix_cksum(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t crc = i << 24;
      for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ (crc & 0x80000000u ? 0x04c11db7u : 0u);
      out[i] = crc;
    }
    return out;
  }();
  std::uint32_t crc = 0;
  const auto add = [&](unsigned char byte) { crc = (crc << 8) ^ table[(crc >> 24) ^ byte]; };
  for (const char c : bytes) add(static_cast<unsigned char>(c));
  for (std::size_t size = bytes.size(); size > 0; size >>= 8) add(static_cast<unsigned char>(size));
  return ~crc;
}

std::string cksum_line(std::string_view bytes) {
  return fmt::format("{} {}", posix_cksum(bytes), bytes.size());
}

std::optional<std::string> hex_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    unsigned value = 0;
    const char* begin = text.data() + i;
    if (i + 2 > text.size()) return std::nullopt;
    if (std::from_chars(begin, begin + 2, value, 16).ptr != begin + 2) return std::nullopt;
    out.push_back(static_cast<char>(value));
    i += 2;
  }
  return out;
}

bool FrameReader::line(std::string_view text) {
  // The line may begin with what somebody printed without a newline.
  const auto begin = text.rfind(id_ + ":");
  if (begin == std::string_view::npos || text.back() != '.') return false;
  text.remove_prefix(begin + id_.size() + 1);
  text.remove_suffix(1);
  if (text == "B") return refused_ = true;
  if (text.size() < 2 || text[1] != ':') return false;
  const char kind = text[0];
  const std::string_view rest = text.substr(2);
  if (kind == 'n') {
    begun_ = std::string(rest);
    return true;
  }
  if (kind == 'a') {
    const auto n = number<std::size_t>(rest);
    if (n) acknowledged_ = *n;
    return n.has_value();
  }
  if (kind == 'k') {
    const auto n = number<std::size_t>(rest);
    if (n) answered_ = std::max(answered_, *n);
    return n.has_value();
  }
  if (kind == 'x') return end_line(rest);
  if (kind != 'o' && kind != 'e') return false;
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos) return false;
  const auto n = number<std::size_t>(rest.substr(0, colon));
  if (!n || *n == 0 || *n > most_lines) return false;
  ++lines_;
  (kind == 'o' ? out_lines_ : err_lines_)[*n] = std::string(rest.substr(colon + 1));
  return true;
}

/// STATUS:SIZE:CKSUM:SIZE:CKSUM:CODEC:SEAL
bool FrameReader::end_line(std::string_view fields) {
  const auto parts = split(fields, ':');
  if (parts.size() != 7) return false;
  if (parts[6] != cksum_line(fields.substr(0, fields.rfind(':')))) return false;
  const auto status = number<int>(parts[0]);
  const auto out_size = number<std::uint64_t>(parts[1]);
  const auto err_size = number<std::uint64_t>(parts[3]);
  if (!status || !out_size || !err_size) return false;
  End end;
  end.status = *status;
  end.out = Stream{*out_size, parts[2]};
  end.err = Stream{*err_size, parts[4]};
  end.base64 = parts[5] == "b";
  end_ = std::move(end);
  return true;
}

std::size_t FrameReader::sent(const Stream& stream) const {
  return static_cast<std::size_t>(std::min<std::uint64_t>(stream.size, most_));
}

bool FrameReader::right_length(const std::string& data, std::size_t bytes) const {
  const std::size_t wanted = encoded_length(bytes, end_->base64);
  // od puts a blank before or after each byte, depending on whose it is
  return data.size() == wanted || (!end_->base64 && data.size() + 1 == wanted);
}

void FrameReader::missing_of(char name, const Stream& stream,
                             const std::map<std::size_t, std::string>& lines,
                             std::vector<MissingLines>& into) const {
  const std::size_t size = sent(stream);
  const std::size_t count = (size + line_bytes() - 1) / line_bytes();
  std::vector<MissingLines> ranges;
  for (std::size_t n = 1; n <= count; ++n) {
    const std::size_t bytes = std::min(line_bytes(), size - (n - 1) * line_bytes());
    const auto found = lines.find(n);
    if (found != lines.end() && right_length(found->second, bytes)) continue;
    if (!ranges.empty() && ranges.back().last + 1 == n)
      ranges.back().last = n;
    else
      ranges.push_back(MissingLines{name, n, n});
  }
  if (ranges.size() > most_ranges)
    ranges = {MissingLines{name, ranges.front().first, ranges.back().last}};
  into.insert(into.end(), ranges.begin(), ranges.end());
}

std::vector<MissingLines> FrameReader::missing() const {
  std::vector<MissingLines> out;
  missing_of('o', end_->out, out_lines_, out);
  missing_of('e', end_->err, err_lines_, out);
  return out;
}

std::size_t FrameReader::lines_missing() const {
  if (!end_) return SIZE_MAX;
  std::size_t out = 0;
  for (const auto& range : missing()) out += range.last - range.first + 1;
  return out;
}

bool FrameReader::decode(const Stream& stream, std::map<std::size_t, std::string>& lines,
                         std::string& into) {
  into.clear();
  const std::size_t size = sent(stream);
  const std::size_t count = (size + line_bytes() - 1) / line_bytes();
  bool sound = true;
  for (std::size_t n = 1; n <= count && sound; ++n) {
    const auto part = end_->base64 ? base64(lines[n]) : hex_decode(lines[n]);
    sound = part.has_value();
    if (sound) into += *part;
  }
  if (sound && cksum_line(into) == stream.cksum) return true;
  lines.clear();
  return false;
}

bool FrameReader::complete() {
  const bool out = decode(end_->out, out_lines_, out_);
  const bool err = decode(end_->err, err_lines_, err_);
  return out && err;
}

}  // namespace seatrial::console
