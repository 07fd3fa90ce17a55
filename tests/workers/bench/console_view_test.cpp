// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/console_view.hpp"

#include <gtest/gtest.h>

namespace seatrial::bench {
namespace {

TEST(Backlog, is_the_last_lines_and_the_prompt_as_it_stands) {
  EXPECT_EQ(backlog_of("one\r\ntwo\r\nthree\r\nlogin: ", 2, false), "two\r\nthree\r\nlogin: ");
  EXPECT_EQ(backlog_of("one\r\ntwo\r\n", 5, false), "one\r\ntwo\r\n");
  EXPECT_EQ(backlog_of("", 5, false), "");
  EXPECT_EQ(backlog_of("# ", 0, false), "# ");
}

TEST(Backlog, leaves_out_a_line_whose_beginning_is_not_there) {
  EXPECT_EQ(backlog_of("alf a line\r\nwhole\r\n", 9, true), "whole\r\n");
}

TEST(Backlog, has_nothing_that_a_terminal_would_answer) {
  const auto text =
      backlog_of("\033[1mbold\033[0m\033[6n\033[c\r\n\033[?25lroot\033[5n# ", 9, false);
  EXPECT_EQ(text, "bold\r\nroot# ");
}

}  // namespace
}  // namespace seatrial::bench
