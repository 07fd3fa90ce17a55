// SPDX-License-Identifier: Apache-2.0
// TAP 14: its grammar, and what it says of every verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "reports/format.hpp"
#include "tests/reports/run_builder.hpp"

namespace seatrial::reports {
namespace {
using testing::HasSubstr;

TEST(Tap, plan_points_and_subtests_agree) {
  RunBuilder build;
  every_verdict(build);
  const auto tap = render("tap", build);
  EXPECT_EQ(tap.rfind("TAP version 14\n", 0), 0u);
  EXPECT_THAT(tap, HasSubstr("\n1..2\n"));
  EXPECT_THAT(tap, HasSubstr("    1..6\n"));
  EXPECT_THAT(tap, HasSubstr("    ok 5 - skip # SKIP no lab network\n"));
  EXPECT_THAT(tap, HasSubstr("    ok 6 - gone # SKIP not run: "));
  EXPECT_THAT(tap, HasSubstr("not ok 2 - t\n"));
  const auto points = [&](const char* pattern) {
    const std::regex regex(pattern, std::regex::multiline);
    return std::distance(std::sregex_iterator(tap.begin(), tap.end(), regex), {});
  };
  EXPECT_EQ(points("^(not )?ok [0-9]+ - "), 2);
  EXPECT_EQ(points("^    (not )?ok [0-9]+ - "), 7);
  EXPECT_EQ(points("^      ---$"), points("^      \\.\\.\\.$"));
}

TEST(Tap, a_run_that_proves_nothing_is_not_ok) {
  RunBuilder build;
  EXPECT_THAT(render("tap", build.start({"s.a"})), HasSubstr("\nnot ok 2 - the run proves it\n"));
}

/// Every line of a TAP 14 document of two levels has its place: a device or a person can put
/// nothing between them. Returns the lines that have none.
std::vector<std::string> lines_out_of_place(const std::string& tap) {
  static const std::regex top("TAP version 14|# .*|1\\.\\.[0-9]+|(not )?ok [0-9]+ - .*"),
      inner("    (1\\.\\.[0-9]+|(not )?ok [0-9]+ - .*)");
  std::vector<std::string> lost;
  std::string end;  // of the diagnostics we are in
  std::istringstream lines(tap);
  for (std::string line; std::getline(lines, line);) {
    if (!end.empty()) {
      if (line == end)
        end.clear();
      else if (line.rfind(end.substr(0, end.size() - 3), 0) != 0)
        lost.push_back(line);
    } else if (line == "      ---" || line == "  ---") {
      end = line.substr(0, line.size() - 3) + "...";
    } else if (!std::regex_match(line.substr(0, 200), top) &&
               !std::regex_match(line.substr(0, 200), inner)) {
      lost.push_back(line);
    }
  }
  if (!end.empty()) lost.push_back("diagnostics without an end");
  return lost;
}

TEST(Tap, nothing_stands_between_its_lines_whatever_the_device_says) {
  RunBuilder plain_run, hostile_run;
  every_verdict(plain_run);
  all_hostile(hostile_run);
  EXPECT_THAT(lines_out_of_place(render("tap", plain_run)), testing::IsEmpty());
  EXPECT_THAT(lines_out_of_place(render("tap", hostile_run)), testing::IsEmpty());
  EXPECT_THAT(lines_out_of_place("TAP version 14\nBail out!\n"), testing::SizeIs(1));
  EXPECT_THAT(lines_out_of_place("ok 1 - x\n  ---\n a\n"), testing::SizeIs(2));
}

TEST(Tap, a_name_is_no_directive) {
  RunBuilder build;
  build.start({"s.x # SKIP me", "s.back\\slash"}).begin("s.x # SKIP me").end("fail").finish();
  const auto tap = render("tap", build);
  EXPECT_THAT(tap, HasSubstr("\n    not ok 1 - x \\# SKIP me\n"));
  EXPECT_THAT(tap, HasSubstr("\n    ok 2 - back\\\\slash # SKIP not run: "));
}

}  // namespace
}  // namespace seatrial::reports
