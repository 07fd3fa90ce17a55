// SPDX-License-Identifier: Apache-2.0
#include "core/model/console_text.hpp"

#include <algorithm>

namespace seatrial::model {
namespace {

constexpr char esc = '\x1b';

bool between(char c, unsigned low, unsigned high) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= low && byte <= high;
}

/// ESC [ parameters intermediates final. A byte that fits nowhere ends the sequence before itself.
std::size_t csi_length(std::string_view text) {
  std::size_t i = 2;
  while (i < text.size() && between(text[i], 0x30, 0x3f)) ++i;
  while (i < text.size() && between(text[i], 0x20, 0x2f)) ++i;
  if (i == text.size()) return 0;
  return between(text[i], 0x40, 0x7e) ? i + 1 : i;
}

/// ESC ] text BEL, or ESC ] text ESC backslash; DCS, SOS, PM and APC end in ESC backslash alone.
/// Any other ESC breaks it off, which also keeps the search linear over a line.
std::size_t string_length(std::string_view text, bool bell_ends) {
  for (std::size_t i = 2; i < text.size(); ++i) {
    if (bell_ends && text[i] == '\a') return i + 1;
    if (text[i] == esc) return i + 1 < text.size() && text[i + 1] == '\\' ? i + 2 : 0;
  }
  return 0;
}

/// Calls kept(begin, size) for each run of bytes that stays.
template <class Kept>
void walk(std::string_view raw, Kept kept) {
  std::size_t end = raw.size();
  while (end > 0 && raw[end - 1] == '\r') --end;
  bool anything = false;
  for (std::size_t at = 0; at < end;) {
    if (raw[at] == esc) {
      const std::size_t length = escape_length(raw.substr(at, end - at));
      if (length > 0)
        at += length;
      else if (at + 1 < end && raw[at + 1] != '[')
        at += 2;  // a string without its end: show what it would hide
      else
        at = end;  // a few parameter bytes at most
      continue;
    }
    if (!anything && raw[at] == '\r') {
      ++at;
      continue;
    }
    const std::size_t next = std::min(raw.find(esc, at), end);
    kept(at, next - at);
    anything = true;
    at = next;
  }
}

}  // namespace

std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return 0;
  switch (text[1]) {
    case '[': return csi_length(text);
    case ']': return string_length(text, true);
    case 'P':
    case 'X':
    case '^':
    case '_': return string_length(text, false);
    default: break;
  }
  std::size_t i = 1;
  while (i < text.size() && between(text[i], 0x20, 0x2f)) ++i;
  if (i == text.size()) return 0;
  return between(text[i], 0x30, 0x7e) ? i + 1 : i;
}

std::string_view plain_line(std::string_view raw, std::string& scratch) {
  if (raw.find(esc) == std::string_view::npos) {
    while (!raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
    while (!raw.empty() && raw.front() == '\r') raw.remove_prefix(1);
    return raw;
  }
  scratch.clear();
  walk(raw, [&](std::size_t begin, std::size_t size) { scratch.append(raw, begin, size); });
  std::string_view out = scratch;
  while (!out.empty() && out.back() == '\r') out.remove_suffix(1);
  return out;
}

std::string plain_line(std::string_view raw) {
  std::string scratch;
  return std::string(plain_line(raw, scratch));
}

std::size_t plain_position(std::string_view raw, std::size_t position) {
  std::size_t plain = 0;
  walk(raw, [&](std::size_t begin, std::size_t size) {
    if (begin < position) plain += std::min(size, position - begin);
  });
  std::string scratch;  // carriage returns before a last control sequence are no part of the line
  return std::min(plain, plain_line(raw, scratch).size());
}

std::size_t raw_position(std::string_view raw, std::size_t plain) {
  std::size_t seen = 0;
  std::size_t found = raw.size();
  bool done = false;
  walk(raw, [&](std::size_t begin, std::size_t size) {
    if (!done && plain < seen + size) {
      found = begin + (plain - seen);
      done = true;
    }
    seen += size;
  });
  return found;
}

}  // namespace seatrial::model
