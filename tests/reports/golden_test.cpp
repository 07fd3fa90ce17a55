// SPDX-License-Identifier: Apache-2.0
// The reports of recorded runs, word for word. See testdata/README.md for how to renew them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "reports/format.hpp"
#include "reports/html/assets.hpp"

namespace seatrial::reports {
namespace {
namespace fs = std::filesystem;

const fs::path kData = SEATRIAL_SOURCE_DIR "/tests/reports/testdata";

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

/// The parts of a page that have tests and reviews of their own, and the place of this clone.
std::string without_noise(std::string text) {
  replace_all(text, page_style(), "STYLE");
  replace_all(text, page_script(), "SCRIPT");
  replace_all(text, style_digest(), "DIGEST");
  replace_all(text, script_digest(), "DIGEST");
  // One element a line: a difference can be read.
  replace_all(text, "><", ">\n<");
  return text;
}

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, the_reports_of_a_recorded_run_are_these) {
  const fs::path folder = kData / GetParam();
  const auto run = read_run_record(folder);
  ASSERT_TRUE(run.has_value()) << run.error().describe();
  const RunFolder files(folder, run->zero);
  const bool renew = std::getenv("SEATRIAL_REGENERATE") != nullptr;
  for (const auto& format : formats()) {
    const fs::path expected = folder / "expected" / format.file;
    const auto text = without_noise(format.render(*run, files));
    if (renew) {
      fs::create_directories(expected.parent_path());
      std::ofstream(expected, std::ios::binary) << text;
      continue;
    }
    const auto wanted = slurp(expected);
    EXPECT_FALSE(wanted.empty()) << expected << " is absent";
    EXPECT_EQ(text, wanted) << expected << " differs; if it should, see testdata/README.md";
  }
  if (renew)
    ADD_FAILURE() << "the expectations were rewritten: read them, then run without the switch";
}

INSTANTIATE_TEST_SUITE_P(Runs, Golden,
                         testing::Values("passed", "failed", "killed", "flaky", "bench_error"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace seatrial::reports
