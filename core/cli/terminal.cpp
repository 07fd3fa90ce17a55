// SPDX-License-Identifier: Apache-2.0
#include "core/cli/terminal.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace seatrial::cli {
namespace {

bool wants_no_colour() {
  const char* none = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return (none != nullptr && *none != '\0') || term == nullptr || std::string_view(term) == "dumb";
}

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u; }

}  // namespace

Terminal Terminal::of(int fd) {
  Terminal out;
  out.fd_ = fd;
  out.tty_ = ::isatty(fd) != 0;
  out.colours_ = out.tty_ && !wants_no_colour();
  return out;
}

std::size_t Terminal::width() const {
  winsize size{};
  if (tty_ && ::ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
  return 80;
}

std::string Terminal::paint(Colour colour, std::string_view text) const {
  if (!colours_ || colour == Colour::plain) return std::string(text);
  static constexpr const char* codes[] = {"0", "1", "2", "31", "32", "33", "34"};
  return fmt::format("\033[{}m{}\033[0m", codes[static_cast<int>(colour)], text);
}

std::size_t columns_of(std::string_view text) {
  std::size_t out = 0;
  for (const char byte : text) out += starts_character(byte) ? 1 : 0;
  return out;
}

std::string fitted(std::string_view text, std::size_t columns) {
  const auto have = columns_of(text);
  if (have <= columns) return std::string(text) + std::string(columns - have, ' ');
  const std::size_t dots = std::min<std::size_t>(columns, 3);
  std::size_t end = 0;
  for (std::size_t kept = 0; kept < columns - dots; ++kept) {
    ++end;
    while (end < text.size() && !starts_character(text[end])) ++end;
  }
  return std::string(text.substr(0, end)) + std::string(dots, '.');
}

}  // namespace seatrial::cli
