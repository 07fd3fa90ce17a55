// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the terminal can do, and colours that vanish where they would not be seen. Colours only on
// a TTY, never with NO_COLOR set or TERM=dumb.

#include <string>
#include <string_view>

namespace seatrial::cli {

enum class Colour { plain, bold, dim, red, green, yellow, blue };

class Terminal {
 public:
  /// Of a descriptor of this process (1: stdout, 2: stderr).
  static Terminal of(int fd);
  /// A terminal that is none, for files and tests.
  static Terminal none() { return {}; }

  bool is_tty() const { return tty_; }
  bool colours() const { return colours_; }
  /// Columns now; 80 when nobody knows.
  std::size_t width() const;
  std::string paint(Colour colour, std::string_view text) const;

 private:
  int fd_ = -1;
  bool tty_ = false, colours_ = false;
};

/// `text` cut or padded to `columns` (UTF-8 aware: one column per code point), cut with dots.
std::string fitted(std::string_view text, std::size_t columns);
/// Columns that `text` takes.
std::size_t columns_of(std::string_view text);

}  // namespace seatrial::cli
