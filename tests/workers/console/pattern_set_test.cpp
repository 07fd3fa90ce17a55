// SPDX-License-Identifier: Apache-2.0
#include "workers/console/pattern_set.hpp"

#include <gtest/gtest.h>

namespace seatrial::console {
namespace {

using namespace std::chrono_literals;

PatternSet::Ptr set_of(std::vector<Pattern> patterns,
                       PatternSet::Pick pick = PatternSet::Pick::leftmost) {
  auto set = PatternSet::compile(std::move(patterns), pick);
  EXPECT_TRUE(set.has_value()) << set.error().describe();
  return *set;
}

TEST(PatternSet, a_bad_pattern_is_the_suites_fault_and_is_named) {
  for (const char* bad : {"(", "", "a\\nb", "a\nb", "x\\x0ay", "[z-a]", "(?=ahead)", "\\1"}) {
    const auto set = PatternSet::compile(Pattern(bad));
    ASSERT_FALSE(set.has_value()) << bad;
    EXPECT_EQ(set.error().code(), "console.bad_pattern");
    EXPECT_EQ(set.error().blame(), Blame::suite);
    EXPECT_NE(set.error().what().find(bad), std::string::npos);
  }
  for (const char* good : {"[^\\n]+x", "\\\\n", "a\\.b", "[\\n\\r]?x"})
    EXPECT_TRUE(PatternSet::compile(Pattern(good)).has_value()) << good;
  EXPECT_FALSE(PatternSet::compile(std::vector<Pattern>()).has_value());
}

TEST(PatternSet, the_leftmost_match_wins_and_then_the_first_pattern) {
  const auto set = set_of({"second", "first", "fir"});
  const auto hit = set->match("the first, the second");
  ASSERT_TRUE(hit.has_value());
  EXPECT_EQ(hit->pattern, 1u);
  EXPECT_EQ(hit->begin, 4u);
  const auto first = set_of({"second", "first"}, PatternSet::Pick::first_pattern);
  EXPECT_EQ(first->match("the first, the second")->pattern, 0u);
}

TEST(PatternSet, anchors_mean_the_line) {
  const auto set = set_of({"^abc$"});
  EXPECT_TRUE(set->match("abc").has_value());
  EXPECT_FALSE(set->match("abcd").has_value());
  EXPECT_FALSE(set->match("xabc", 1).has_value()) << "the line does not begin at `from`";
}

TEST(PatternSet, bytes_that_are_no_text_do_not_stop_a_dot) {
  const auto set = set_of({"begin.*end"});
  EXPECT_TRUE(set->match("begin \xff\xfe\x80 end").has_value());
  EXPECT_TRUE(set->match(std::string_view("begin \0 end", 11)).has_value());
}

TEST(PatternSet, the_same_group_name_in_two_patterns_is_fine) {
  const auto set = set_of({"slot=(?P<slot>\\w)", "SLOT:(?P<slot>\\w)"});
  const auto hit = set->match("SLOT:B");
  ASSERT_TRUE(hit.has_value());
  EXPECT_EQ(set->groups("SLOT:B", *hit), (std::vector<std::string>{"SLOT:B", "B"}));
}

TEST(PatternSet, a_group_that_took_no_part_is_empty) {
  const auto set = set_of({"a(x)?(b)"});
  const auto hit = set->match("ab");
  ASSERT_TRUE(hit.has_value());
  EXPECT_EQ(set->groups("ab", *hit), (std::vector<std::string>{"ab", "", "b"}));
}

TEST(PatternSet, an_unfinished_line_reports_what_cannot_change_any_more) {
  const auto fixed = set_of({"login: "});
  EXPECT_TRUE(fixed->match_unfinished("seatrial login: ", 0, 0ns).has_value());
  const auto digits = set_of({"count=(\\d+)"});
  EXPECT_FALSE(digits->match_unfinished("count=1", 0, 0ns).has_value()) << "it may become 12";
  EXPECT_TRUE(digits->match_unfinished("count=12 ", 0, 0ns).has_value());
  EXPECT_TRUE(digits->match_unfinished("count=1", 0, 300ms).has_value());
  const auto word = set_of({Pattern("PASS|PASSED")});
  EXPECT_FALSE(word->match_unfinished("PASS", 0, 0ns).has_value());
  const auto end = set_of({Pattern("[#$] $", Where::prompt)});
  EXPECT_FALSE(end->match_unfinished("root# ", 0, 0ns).has_value());
  EXPECT_TRUE(end->match_unfinished("root# ", 0, 30ms).has_value());
  EXPECT_FALSE(end->match_unfinished("root# ls", 0, 1s).has_value());
  const auto line = set_of({Pattern("done", Where::line)});
  EXPECT_FALSE(line->match_unfinished("done now", 0, 1s).has_value());
  EXPECT_TRUE(line->match("done now").has_value());
}

TEST(PatternSet, a_stable_match_is_not_held_up_by_one_that_may_grow) {
  const auto set = set_of({"x+", "login: "});
  const auto hit = set->match_unfinished("login: x", 0, 0ns);
  ASSERT_TRUE(hit.has_value());
  EXPECT_EQ(hit->pattern, 1u);
}

TEST(PatternSet, filters_when_every_pattern_holds_a_literal) {
  EXPECT_TRUE(set_of({"Kernel panic", "BUG: \\w+"})->filtered());
  EXPECT_FALSE(set_of({"Kernel panic", "\\d+"})->filtered());
  const auto set = set_of({"(?i)panic at \\d+", "Oops: [0-9a-f]+ "});
  EXPECT_EQ(set->candidate("nothing\nto see\n", 0), std::string_view::npos);
  EXPECT_EQ(set->candidate("nothing\nPaNiC At 12\n", 0), 8u);
}

TEST(PatternSet, a_literal_is_matched_as_it_stands) {
  const auto set = set_of({literal("a.b*[c]$")});
  EXPECT_TRUE(set->match("xa.b*[c]$x").has_value());
  EXPECT_FALSE(set->match("aXb").has_value());
}

TEST(PatternSet, a_pattern_with_an_exponential_past_takes_linear_time) {
  const auto set = set_of({"(a+)+(a+)+(a+)+(a+)+(a+)+$", "(x*)*(x*)*y"});
  const std::string line = std::string(100'000, 'a') + "!";
  EXPECT_FALSE(set->match(line).has_value());
}

}  // namespace
}  // namespace seatrial::console
