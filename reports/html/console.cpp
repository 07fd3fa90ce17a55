// SPDX-License-Identifier: Apache-2.0
#include "reports/html/console.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "reports/escape.hpp"
#include "reports/html/pieces.hpp"

namespace seatrial::reports::page {
namespace {

/// What SGR sequences have asked for so far: 0 = default, 1-8 = the eight colours.
struct Ink {
  int colour = 0;
  bool bold = false;
  bool operator==(const Ink&) const = default;

  void apply(std::string_view parameters) {
    for (const auto& word : split(parameters, ';')) {
      const int code = word.empty() ? 0 : word.size() < 4 ? std::atoi(word.c_str()) : -1;
      if (code == 0) *this = {};
      if (code == 1) bold = true;
      if (code == 22) bold = false;
      if (code >= 30 && code <= 37) colour = code - 29;
      if (code >= 90 && code <= 97) colour = code - 89;
      if (code == 39) colour = 0;
      if (code == 38 || code == 48) return;  // 256 and true colours: the rest are their numbers
    }
  }
};

std::string spanned(const Ink& ink, std::string_view text) {
  if (text.empty()) return {};
  if (ink == Ink{}) return html(text);
  return fmt::format("<span class=\"{}{}\">{}</span>",
                     ink.colour ? fmt::format("a{}", ink.colour - 1) : "", ink.bold ? " ab" : "",
                     html(text));
}

std::string row(const ExcerptLine& line, double zero, bool certain, bool first) {
  const bool explains = line.kind == ExcerptLine::Kind::explains;
  const char* kind = explains                                     ? " class=\"hit\""
                     : line.kind == ExcerptLine::Kind::suspicious ? " class=\"odd\""
                                                                  : "";
  std::string text;
  if (line.skipped)
    text +=
        fmt::format("<li class=\"gap\">{} {}</li>", human_bytes(static_cast<double>(line.skipped)),
                    first ? "before this" : "not shown");
  text += fmt::format("<li{}><span class=\"t\">{}</span><span class=\"x\">{}</span>", kind,
                      line.at ? clock_time(*line.at - zero) : "", console_line(line.bytes));
  if (explains)
    text += fmt::format("<b class=\"why\">{}</b>",
                        certain ? "explains the failure" : "may explain the failure");
  return text + "</li>";
}

}  // namespace

std::string console_line(std::string_view bytes) {
  std::string text;
  Ink ink;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < bytes.size();) {
    if (bytes[i] != '\x1b') {
      ++i;
      continue;
    }
    text += spanned(ink, bytes.substr(begin, i - begin));
    const auto length = terminal_escape_length(bytes.substr(i));
    if (length > 2 && bytes[i + 1] == '[' && bytes[i + length - 1] == 'm')
      ink.apply(bytes.substr(i + 2, length - 3));
    begin = i += length;
  }
  return text + spanned(ink, bytes.substr(begin));
}

std::string console(const Excerpt& excerpt, double zero) {
  if (excerpt.lines.empty()) return {};
  std::string rows;
  for (const auto& line : excerpt.lines) rows += row(line, zero, excerpt.certain, rows.empty());
  return fmt::format(
      "<figure class=\"con\"><figcaption>Console {}</figcaption><ol tabindex=\"0\" "
      "aria-label=\"Console lines\">{}</ol></figure>",
      file_link("console.log",
                fmt::format("bytes {} to {} of console.log", excerpt.begin, excerpt.end)),
      rows);
}

}  // namespace seatrial::reports::page
