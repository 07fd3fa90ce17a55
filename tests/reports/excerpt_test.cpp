// SPDX-License-Identifier: Apache-2.0
#include "reports/excerpt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reports/run_builder.hpp"

namespace seatrial::reports {
namespace {
using testing::HasSubstr;

/// Console lines "<word> <n>", ten per second.
void chatter(RunBuilder& build, std::string_view word, int lines) {
  for (int i = 0; i < lines; ++i)
    build.console(std::string(word) + " " + std::to_string(i) + "\r\n").wait(0.1);
}

Excerpt excerpt_of(RunBuilder& build, std::size_t index) {
  const auto run = build.record();
  const RunFolder folder(build.folder(), run.zero);
  return Excerpts(run, folder).of(run.cases.at(index).attempts.at(0));
}

TEST(Excerpt, it_is_the_tail_of_this_case_and_not_of_its_neighbours) {
  RunBuilder build;
  build.start({"s.a", "s.b", "s.c"});
  build.begin("s.a");
  chatter(build, "first", 100);
  build.end("fail").begin("s.b");
  chatter(build, "second", 100);
  build.end("fail").begin("s.c");
  chatter(build, "third", 100);
  build.end("fail").finish();
  const auto excerpt = excerpt_of(build, 1);
  ASSERT_FALSE(excerpt.lines.empty());
  EXPECT_LE(excerpt.lines.size(), kTailLines + 1);
  for (const auto& line : excerpt.lines) EXPECT_THAT(line.bytes, HasSubstr("second"));
  EXPECT_EQ(excerpt.lines.back().bytes, "second 99");
  ASSERT_TRUE(excerpt.lines.back().at.has_value());
  EXPECT_NEAR(*excerpt.lines.back().at, 19.9, 0.06);
  EXPECT_GT(excerpt.lines.front().skipped, 100u) << "what is left out is said";
}

TEST(Excerpt, a_sentinel_far_up_is_shown_with_its_surroundings_and_explains) {
  RunBuilder build;
  build.start({"s.a"}).begin("s.a");
  chatter(build, "before", 300);
  const auto offset = build.console_size();
  build.console("[ 9.1] Kernel panic - not syncing\r\n");
  build.event("sentinel",
              {{"id", "kernel_panic"}, {"line", "Kernel panic"}, {"offset", offset + 7}});
  chatter(build, "after", 300);
  const auto excerpt = excerpt_of(build.end("fail").finish(), 0);
  ASSERT_NE(excerpt.explaining(), nullptr);
  EXPECT_TRUE(excerpt.certain);
  EXPECT_EQ(excerpt.explaining()->offset, offset);
  EXPECT_EQ(excerpt.lines.back().bytes, "after 299");
  std::size_t gaps = 0;
  for (const auto& line : excerpt.lines) gaps += line.skipped > 0;
  EXPECT_EQ(gaps, 2u);
}

TEST(Excerpt, an_allowed_sentinel_explains_nothing_but_a_telling_line_may) {
  RunBuilder build;
  build.start({"s.a"}).begin("s.a").console("[FAILED] Failed to start the engine\n");
  build.event("sentinel", {{"id", "x"}, {"offset", 0}, {"allowed", true}});
  const auto excerpt = excerpt_of(build.console("login:\n").end("fail").finish(), 0);
  EXPECT_FALSE(excerpt.certain);
  ASSERT_NE(excerpt.explaining(), nullptr);
  EXPECT_THAT(excerpt.explaining()->bytes, HasSubstr("engine"));
}

TEST(Excerpt, no_line_of_the_device_is_guessed_to_explain_a_crash_of_the_suite) {
  const auto guess = [](std::string_view line) {
    RunBuilder build;
    build.start({"s.a"}).begin("s.a").console(line).wait(1);
    build.end("error", {{"failure", failure_json("suite.crashed", Blame::suite, "x", "y")}});
    return excerpt_of(build.finish(), 0).explaining() != nullptr;
  };
  EXPECT_FALSE(guess("[FAILED] Failed to start Time synchronisation\n"));
  EXPECT_TRUE(guess("Out of memory: Killed process 7\n"));
}

TEST(Excerpt, the_line_that_ends_a_case_at_once_is_part_of_it) {
  RunBuilder build;
  build.start({"s.a", "s.b"}).begin("s.a").wait(5).console("Kernel panic\n").end("fail");
  build.wait(0.0005).begin("s.b").console("of the next case\n").wait(1).end("fail").finish();
  const auto excerpt = excerpt_of(build, 0);
  ASSERT_EQ(excerpt.lines.size(), 1u);
  EXPECT_EQ(excerpt.lines[0].bytes, "Kernel panic");
  EXPECT_EQ(excerpt_of(build, 1).lines.at(0).bytes, "of the next case");
}

TEST(Excerpt, it_is_centred_on_the_moment_of_failure_not_on_the_end_of_the_case) {
  RunBuilder build;
  build.start({"s.a"}).begin("s.a");
  chatter(build, "before", 100);
  build.event("assertion", {{"ok", false}, {"text", "x"}});
  chatter(build, "collecting evidence", 200);
  const auto excerpt = excerpt_of(build.end("fail").finish(), 0);
  std::size_t before = 0;
  for (const auto& line : excerpt.lines) before += line.bytes.rfind("before", 0) == 0;
  EXPECT_GE(before, 30u);
  EXPECT_LE(excerpt.lines.size() - before, 12u);
}

TEST(Excerpt, without_an_index_the_marks_of_the_log_bound_it) {
  RunBuilder build;
  build.start({"s.a", "s.b"}).begin("s.a");
  build.event("console_mark", {{"offset", 0}, {"text", "case begins"}})
      .console("one\ntwo\n")
      .wait(1);
  build.end("fail").wait(1).begin("s.b");
  build.event("console_mark", {{"offset", build.console_size()}, {"text", "case begins"}});
  build.console("three\n").wait(1).end("fail").finish().write();
  std::filesystem::remove(build.folder() / "console.idx");
  const auto run = read_run_record(build.folder());
  const RunFolder folder(build.folder(), run->zero);
  const Excerpts excerpts(*run, folder);
  const auto first = excerpts.of(run->cases[0].attempts[0]);
  ASSERT_EQ(first.lines.size(), 2u);
  EXPECT_EQ(first.lines[1].bytes, "two");
  EXPECT_FALSE(first.lines[0].at.has_value());
  EXPECT_EQ(excerpts.of(run->cases[1].attempts[0]).lines.at(0).bytes, "three");
}

TEST(Excerpt, a_line_of_megabytes_and_a_console_that_is_absent_are_bounded) {
  RunBuilder build;
  build.start({"s.a"}).begin("s.a").console(std::string(3 << 20, 'x')).wait(1).end("fail").finish();
  const auto excerpt = excerpt_of(build, 0);
  std::size_t bytes = 0;
  for (const auto& line : excerpt.lines) bytes += line.bytes.size();
  EXPECT_LE(bytes, kLongestLine);
  RunBuilder silent;
  silent.start({"s.a"}).begin("s.a").end("fail").finish();
  EXPECT_TRUE(excerpt_of(silent, 0).lines.empty());
}

}  // namespace
}  // namespace seatrial::reports
