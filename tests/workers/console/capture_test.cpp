// SPDX-License-Identifier: Apache-2.0
#include "workers/console/capture.hpp"

#include "tests/workers/console/rig.hpp"

namespace seatrial::console {
namespace {

TEST(Capture, finds_a_prompt_without_a_newline_and_records_every_byte) {
  Rig rig;
  rig.print("Booting\r\nrefos-loader: slot=A bootcount=0\r\n\r\nseatrial login: ");
  const auto match = rig.run(rig.capture.matcher().expect(
      rig.patterns({"login: "}), Budget(10s, "the login prompt"), Since::offset(0)));
  ASSERT_TRUE(match.has_value()) << match.error().describe();
  EXPECT_EQ(match->text, "login: ");
  EXPECT_EQ(match->line, "seatrial login: ");
  EXPECT_FALSE(match->finished);
  EXPECT_EQ(*io::read_file(rig.dir.path() / "console.log"),
            "Booting\r\nrefos-loader: slot=A bootcount=0\r\n\r\nseatrial login: ");
}

TEST(Capture, tells_which_of_several_patterns_and_its_groups) {
  Rig rig;
  rig.print("noise\r\nrefos-loader: slot=B bootcount=12\r\nlater\r\n");
  const auto match = rig.run(
      rig.capture.matcher().expect(rig.patterns({"panic", "slot=(\\w) bootcount=(\\d+)$", "later"}),
                                   Budget(10s, "the loader"), Since::offset(0)));
  ASSERT_TRUE(match.has_value()) << match.error().describe();
  EXPECT_EQ(match->pattern, 1u);
  ASSERT_EQ(match->groups.size(), 3u);
  EXPECT_EQ(match->groups[1], "B");
  EXPECT_EQ(match->groups[2], "12");
  EXPECT_EQ(match->line_offset, 7u);
  EXPECT_EQ(match->begin, 7u + 14);
  EXPECT_GT(match->at.count(), 0);
}

TEST(Capture, a_wait_in_vain_says_what_the_console_said_last) {
  Rig rig;
  rig.print("one\r\nStarting udev\r\n");
  const auto match = rig.run(rig.capture.matcher().expect(
      rig.patterns({"login: "}), Budget(50ms, "the login prompt").with_code("boot.login"),
      Since::offset(0)));
  ASSERT_FALSE(match.has_value());
  EXPECT_EQ(match.error().code(), "boot.login");
  EXPECT_NE(match.error().describe().find("Starting udev"), std::string::npos);
  EXPECT_EQ(rig.capture.matcher().waiters(), 0u);
}

TEST(Capture, looks_back_to_an_offset_that_has_left_the_ring) {
  Rig rig;
  rig.capture.take("the first line\n");
  const std::uint64_t mark = rig.capture.end();
  rig.capture.take("needle 42\n");
  std::string filler;
  while (filler.size() < (3u << 20)) filler += "nothing to see in this line of the log\n";
  for (std::size_t at = 0; at < filler.size(); at += 100000)
    rig.capture.take(filler.substr(at, 100000));
  const auto match = rig.run(rig.capture.matcher().expect(
      rig.patterns({"needle (\\d+)"}), Budget(10s, "the needle"), Since::offset(mark)));
  ASSERT_TRUE(match.has_value()) << match.error().describe();
  EXPECT_EQ(match->groups.at(1), "42");
  EXPECT_EQ(match->begin, mark);
  const auto past = rig.run(rig.capture.matcher().expect(
      rig.patterns({"needle"}), Budget(200ms, "another needle"), Since::offset(match->end)));
  EXPECT_FALSE(past.has_value());
}

}  // namespace
}  // namespace seatrial::console
