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

/// A console that has said so much, in pieces.
class Said final : public console::Past {
 public:
  explicit Said(std::size_t size) : size_(size) {}
  Result<std::string> read(std::uint64_t offset, std::size_t most) const override {
    if (offset >= size_) return std::string();
    return std::string(std::min({most, size_ - offset, std::size_t{100'000}}), 'x');
  }
  Duration time_of(std::uint64_t) const override { return {}; }

 private:
  std::size_t size_;
};

TEST(ConsoleText, is_what_was_asked_for_but_never_more_than_a_megabyte) {
  const Said much(10u << 20);
  EXPECT_EQ(console_text(much, 0, 250'000)->size(), 250'000u);
  EXPECT_EQ(console_text(much, 5, 10u << 20)->size(), kMostConsoleText);
  EXPECT_EQ(console_text(much, (10u << 20) - 7, 100)->size(), 7u);
  EXPECT_EQ(console_text(much, std::uint64_t(-1), 100)->size(), 0u) << "an offset of nowhere";
}

}  // namespace
}  // namespace seatrial::bench
