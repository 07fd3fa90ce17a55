// SPDX-License-Identifier: Apache-2.0
#pragma once
// Untrusted text made safe to put into a report. Everything here takes any bytes: invalid UTF-8
// becomes U+FFFD, escape sequences of terminals are dropped, other control characters and
// characters that reorder or hide text become visible marks. Pure functions.

#include <optional>
#include <string>
#include <string_view>

namespace seatrial::reports {

/// Valid UTF-8 without control characters other than newline and tab, without terminal escapes.
std::string plain(std::string_view bytes);
/// Length of the terminal escape sequence at the head of `bytes`, which begins with ESC; at
/// least 1. One that never ends hides nothing but its introducer.
std::size_t terminal_escape_length(std::string_view bytes);
/// plain() on one line, blanks collapsed, cut at `most` bytes (on a character) with an ellipsis.
std::string one_line(std::string_view bytes, std::size_t most = 240);
/// plain() of at most about `most` bytes: the head and the tail, and what was left out between.
std::string clipped(std::string_view bytes, std::size_t most);

/// plain(), escaped for an HTML or XML element or a quoted attribute.
std::string html(std::string_view bytes);
/// The same for an XML attribute where line ends must survive.
std::string xml_attribute(std::string_view bytes);
/// plain() on one line as Markdown text: nothing in it is markup, a mention or a link.
std::string markdown(std::string_view bytes);
/// plain() on one line as a Markdown code span; not for a table, whose cells end at a bar.
std::string markdown_code(std::string_view bytes);

/// A word for a POSIX shell.
std::string shell_word(std::string_view text);
/// A relative URL for a path inside the run folder; nullopt when it would lead out of it.
std::optional<std::string> relative_url(std::string_view path);

}  // namespace seatrial::reports
