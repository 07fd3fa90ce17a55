// SPDX-License-Identifier: Apache-2.0
#pragma once
// A terminal of our own for tests: the program's end, and the person's end with the keys.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <termios.h>

#include <string>

#include "core/io/fd.hpp"

namespace seatrial::cli {

struct Pty {
  Pty() {
    int person_fd = -1, program_fd = -1;
    EXPECT_EQ(::openpty(&person_fd, &program_fd, nullptr, nullptr, nullptr), 0);
    person = io::UniqueFd(person_fd);
    program = io::UniqueFd(program_fd);
    ::fcntl(person_fd, F_SETFL, O_NONBLOCK);
  }
  void type(std::string_view keys) {
    EXPECT_EQ(::write(person.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  /// What the program has written so far.
  const std::string& screen() {
    char chunk[4096];
    for (ssize_t n; (n = ::read(person.get(), chunk, sizeof chunk)) > 0;)
      seen.append(chunk, static_cast<std::size_t>(n));
    return seen;
  }
  bool is_raw() const {
    termios now{};
    ::tcgetattr(program.get() >= 0 ? program.get() : person.get(), &now);
    return (now.c_lflag & (ICANON | ECHO | ISIG)) == 0;
  }
  io::UniqueFd person, program;
  std::string seen;
};

}  // namespace seatrial::cli
