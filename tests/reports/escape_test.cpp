// SPDX-License-Identifier: Apache-2.0
#include "reports/escape.hpp"

#include <gtest/gtest.h>

#include <random>

namespace seatrial::reports {
namespace {

TEST(Escape, terminal_sequences_go_and_text_stays) {
  EXPECT_EQ(plain("\x1b[0;32m  OK  \x1b[0m done"), "  OK   done");
  EXPECT_EQ(plain("\x1b]0;title\x07shown"), "shown");
  EXPECT_EQ(plain("\x1b]0;title\x1b\\shown"), "shown");
  EXPECT_EQ(plain("a\r\nb\rc\r"), "a\nb\nc");
  EXPECT_EQ(plain("end\x1b"), "end");
  EXPECT_EQ(plain("\x1b(Bx"), "x");
}

TEST(Escape, a_sequence_that_never_ends_hides_nothing) {
  EXPECT_NE(plain("\x1bP" + std::string(400, 'x') + " kernel panic").find("kernel panic"),
            std::string::npos);
  EXPECT_EQ(plain("\x1b]0;no end\nkernel panic"), "\nkernel panic");
}

TEST(Escape, bytes_that_are_no_text_are_shown_as_such) {
  EXPECT_EQ(plain("\xff"), "\xEF\xBF\xBD");
  EXPECT_EQ(plain("\xc0\xaf"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong";
  EXPECT_EQ(plain("\xed\xa0\x80").size(), 9u) << "a surrogate is three bad bytes";
  EXPECT_EQ(plain("\xf4\x90\x80\x80").size(), 12u) << "beyond Unicode";
  EXPECT_EQ(plain("caf\xc3\xa9 \xf0\x9f\x9a\xa2"), "caf\xc3\xa9 \xf0\x9f\x9a\xa2");
  EXPECT_EQ(plain(std::string("\0\x01", 2)), "\xE2\x90\x80\xE2\x90\x81");
  EXPECT_EQ(plain("\xe2\x80\xae"), "\xE2\x9F\xA8U+202E\xE2\x9F\xA9") << "bidi override";
  EXPECT_EQ(plain("\xef\xbf\xbf"), "\xE2\x9F\xA8U+FFFF\xE2\x9F\xA9") << "not allowed in XML";
}

TEST(Escape, markup_is_text) {
  EXPECT_EQ(html("<b a=\"x\" c='y'>&"), "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;");
  EXPECT_EQ(xml_attribute("a\nb"), "a&#10;b");
  EXPECT_EQ(markdown("*x* [a](b) <i> @team"), "\\*x\\* \\[a\\]\\(b\\) &lt;i\\> @\xE2\x80\x8Bteam");
  EXPECT_EQ(markdown("see https://x.y and www.z"), "see https\\://x.y and www\\.z");
  EXPECT_EQ(markdown("- 1. no list"), "\\- 1. no list");
  EXPECT_EQ(markdown("12. no list"), "12\\. no list");
  EXPECT_EQ(markdown("1.5 s"), "1.5 s");
  EXPECT_EQ(markdown_code("a`b"), "``a`b``");
  EXPECT_EQ(markdown_code("a | b"), "`a | b`") << "a command is shown as it is typed";
  EXPECT_EQ(markdown_code("`"), "`` ` ``");
}

TEST(Escape, long_text_is_cut_on_a_character) {
  EXPECT_EQ(one_line("a \n\t b"), "a b");
  EXPECT_EQ(one_line("\xc3\xa9\xc3\xa9\xc3\xa9", 3), "\xc3\xa9\xE2\x80\xA6");
  const auto cut = clipped(std::string(5000, 'a') + std::string(5000, 'z'), 1000);
  EXPECT_LT(cut.size(), 1100u);
  EXPECT_NE(cut.find("left out"), std::string::npos);
  EXPECT_EQ(cut.back(), 'z');
}

TEST(Escape, a_word_for_the_shell_is_one_word) {
  EXPECT_EQ(shell_word("smoke.boots"), "smoke.boots");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("it's $(x)"), "'it'\\''s $(x)'");
}

TEST(Escape, links_stay_inside_the_folder) {
  EXPECT_EQ(relative_url("a b/c#1.txt"), "./a%20b/c%231.txt");
  EXPECT_EQ(relative_url("javascript:alert(1)"), "./javascript%3Aalert%281%29");
  for (const char* out : {"", "/etc/passwd", "../x", "a/../../x", "a/.."})
    EXPECT_FALSE(relative_url(out).has_value()) << out;
}

TEST(Escape, any_bytes_become_valid_text_of_bounded_size) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes(random() % 200, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random() % 4 ? random() % 256 : 0x1b);
    const std::string clean = plain(bytes);
    EXPECT_EQ(plain(clean), clean) << "what is clean stays as it is";
    EXPECT_LE(clean.size(), bytes.size() * 12);
    const std::string safe = html(bytes);
    EXPECT_EQ(safe.find_first_of("<>\"'"), std::string::npos);
  }
}

}  // namespace
}  // namespace seatrial::reports
