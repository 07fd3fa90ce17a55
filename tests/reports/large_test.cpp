// SPDX-License-Identifier: Apache-2.0
// A night of 2,000 cases and 100 MB of console: seconds, and files of bounded size.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "reports/format.hpp"
#include "reports/html/html.hpp"
#include "tests/reports/run_builder.hpp"

namespace seatrial::reports {
namespace {

constexpr int kCases = 2000;

/// Every `nth` case fails with a panic.
void build_night(RunBuilder& build, int nth, std::size_t console_per_case) {
  std::string chatter;
  while (chatter.size() < console_per_case)
    chatter += "[   12.345678] systemd[1]: Started a unit with an ordinary name.\r\n";
  build.start({});
  for (int i = 0; i < kCases; ++i) {
    build.begin("suite_" + std::to_string(i % 40) + ".case_" + std::to_string(i));
    build.console(chatter);
    for (int k = 0; k < 20; ++k)
      build.step("run: a command of ordinary length " + std::to_string(k), 0.5);
    if (i % nth == 0) {
      const auto offset = build.console_size();
      build.console("[   13.1] Kernel panic - not syncing: number " + std::to_string(i) + "\r\n");
      build.event("sentinel", {{"id", "kernel_panic"}, {"line", "panic"}, {"offset", offset}});
      build.event("assertion",
                  {{"ok", false}, {"text", "it died"}, {"file", "a.cpp"}, {"line", 1}});
    }
    build.end(i % nth == 0 ? "fail" : "pass");
  }
  build.finish();
}

TEST(Large, a_night_of_2000_cases_renders_in_seconds_to_bounded_files) {
  RunBuilder build;
  build_night(build, 50, 50'000);
  build.write();
  ASSERT_GT(build.console_size(), 99'000'000u);
  const auto begin = std::chrono::steady_clock::now();
  const auto written = write_reports(build.folder(), {"all"});
  const auto took = std::chrono::steady_clock::now() - begin;
  ASSERT_TRUE(written.has_value()) << written.error().describe();
  for (const auto& path : *written) {
    const auto bytes = std::filesystem::file_size(path);
    RecordProperty(path.filename().string(), static_cast<int>(bytes));
    EXPECT_LT(bytes, kMostPage + (2u << 20)) << path;
  }
  RecordProperty(
      "milliseconds",
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  EXPECT_LT(took, std::chrono::seconds(40)) << "unoptimised, sanitized and on a busy machine";
}

TEST(Large, a_night_where_everything_fails_is_bounded_too) {
  RunBuilder build;
  build_night(build, 1, 4'000);
  const auto run = build.record();
  const RunFolder folder(build.folder(), run.zero);
  EXPECT_LT(render_html(run, folder).size(), kMostPage + (4u << 20));
  EXPECT_LT(find_format("junit")->render(run, folder).size(), 30'000'000u) << "GitLab's limit";
  EXPECT_LT(find_format("markdown")->render(run, folder).size(), 62'000u);
}

}  // namespace
}  // namespace seatrial::reports
