// SPDX-License-Identifier: Apache-2.0
#include "reports/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "core/base/text.hpp"

namespace seatrial::reports {
namespace {
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Decoded {
  std::uint32_t code = 0;
  std::size_t length = 0;  ///< 0: the bytes are not UTF-8
};

/// The character at the head of `bytes` (not empty), by the table of RFC 3629.
Decoded decode(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || bytes.size() < length) return {};
  std::uint32_t code = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

/// Characters that are legal but lie to the reader or are not allowed in XML 1.0.
bool must_be_shown(std::uint32_t code) {
  return (code >= 0x80 && code < 0xA0) || code == 0x200E || code == 0x200F ||
         (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x2028 || code == 0x2029 || code == 0xFEFF || (code & 0xFFFE) == 0xFFFE ||
         (code >= 0xE0000 && code <= 0xE007F);
}

void append_control(std::string& into, unsigned char code) {
  // U+2400..U+241F are the pictures of the controls, U+2421 that of DEL.
  into += "\xE2\x90";
  into += static_cast<char>(0x80 + (code == 0x7F ? 0x21 : code));
}

std::string escaped(std::string_view clean, bool line_ends) {
  std::string safe;
  safe.reserve(clean.size() + clean.size() / 8);
  for (const char c : clean) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      case '\n': safe += line_ends ? "&#10;" : "\n"; break;
      case '\t': safe += line_ends ? "&#9;" : "\t"; break;
      default: safe += c;
    }
  }
  return safe;
}

/// The greatest length of at most `most` that does not cut a character of valid UTF-8.
std::size_t cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return most;
}

}  // namespace

std::size_t terminal_escape_length(std::string_view bytes) {
  if (bytes.size() < 2) return 1;
  const char kind = bytes[1];
  if (kind == '[') {
    std::size_t i = 2;
    while (i < bytes.size() && bytes[i] >= 0x20 && bytes[i] <= 0x3F) ++i;
    return i < bytes.size() && bytes[i] >= 0x40 && bytes[i] <= 0x7E ? i + 1 : i;
  }
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    const std::size_t most = std::min<std::size_t>(bytes.size(), 256);
    for (std::size_t i = 2; i < most; ++i) {
      if (bytes[i] == '\a') return i + 1;
      if (bytes[i] == '\x1b') return i + 1 < bytes.size() && bytes[i + 1] == '\\' ? i + 2 : i;
      if (bytes[i] == '\n') return i;
    }
    return 2;
  }
  if (kind >= 0x20 && kind <= 0x2F) return std::min<std::size_t>(bytes.size(), 3);
  return kind >= 0x30 && kind <= 0x7E ? 2 : 1;
}

std::string plain(std::string_view bytes) {
  std::string clean;
  clean.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto [code, length] = decode(bytes);
    std::size_t used = std::max<std::size_t>(length, 1);
    if (length == 0) {
      clean += kReplacement;
    } else if (code == 0x1B) {
      used = terminal_escape_length(bytes);
    } else if (code == '\r') {
      if (bytes.size() > 1 && bytes[1] != '\n' && bytes[1] != '\r') clean += '\n';
    } else if ((code < 0x20 && code != '\n' && code != '\t') || code == 0x7F) {
      append_control(clean, static_cast<unsigned char>(code));
    } else if (must_be_shown(code)) {
      clean += fmt::format("\xE2\x9F\xA8U+{:04X}\xE2\x9F\xA9", code);
    } else {
      clean += bytes.substr(0, length);
    }
    bytes.remove_prefix(used);
  }
  return clean;
}

std::string one_line(std::string_view bytes, std::size_t most) {
  // Bounded work for unbounded input; terminal escapes are the reason for the factor.
  const std::string clean = plain(bytes.substr(0, most * 4 + 64));
  std::string line;
  for (const char c : clean) {
    const bool blank = c == ' ' || c == '\n' || c == '\t';
    if (!blank)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (line.size() <= most) return line;
  line.resize(cut(line, most));
  return line + "\xE2\x80\xA6";
}

std::string clipped(std::string_view bytes, std::size_t most) {
  if (bytes.size() <= most) return plain(bytes);
  const std::size_t half = most / 2;
  return plain(bytes.substr(0, half)) +
         fmt::format("\n[{} left out here]\n",
                     human_bytes(static_cast<double>(bytes.size() - 2 * half))) +
         plain(bytes.substr(bytes.size() - half));
}

std::string html(std::string_view bytes) { return escaped(plain(bytes), false); }

std::string xml_attribute(std::string_view bytes) { return escaped(plain(bytes), true); }

std::string markdown(std::string_view bytes) {
  const std::string text = one_line(bytes, 600);
  const auto follows = [&text](std::size_t at, std::string_view what) {
    return text.compare(at, what.size(), what) == 0;
  };
  const std::size_t number = text.find_first_not_of("0123456789");
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // What makes a list, a rule or a heading of a line that begins with it, and what makes a link
    // of bare text.
    const bool leads =
        (i == 0 && (c == '-' || c == '=')) ||
        (i == number && i > 0 && c == '.' && (i + 1 == text.size() || text[i + 1] == ' '));
    const bool links =
        (c == ':' && follows(i, "://")) || (c == '.' && i > 2 && follows(i - 3, "www"));
    if (c == '<')
      safe += "&lt;";
    else if (c == '&')
      safe += "&amp;";
    else if (c == '@')
      safe += "@\xE2\x80\x8B";  // zero width: device text must not call people
    else if (leads || links ||
             std::string_view("\\`*_{}[]()#+!|~>").find(c) != std::string_view::npos)
      safe += std::string("\\") + c;
    else
      safe += c;
  }
  return safe;
}

std::string markdown_code(std::string_view bytes) {
  const std::string text = one_line(bytes, 400);
  std::size_t longest = 0, now = 0;
  for (const char c : text) longest = std::max(longest, now = c == '`' ? now + 1 : 0);
  const std::string fence(longest + 1, '`');
  const bool pad = text.empty() || text.front() == '`' || text.back() == '`';
  return fence + (pad ? " " : "") + text + (pad ? " " : "") + fence;
}

std::string shell_word(std::string_view text) {
  const bool bare = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=,@%+").find(c) != std::string_view::npos;
  });
  if (bare) return std::string(text);
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::optional<std::string> relative_url(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos)
    return std::nullopt;
  for (const auto& part : split(path, '/'))
    if (part == "..") return std::nullopt;
  std::string url = "./";
  for (const char c : path) {
    const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.' || c == '/';
    url += safe ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return url;
}

}  // namespace seatrial::reports
