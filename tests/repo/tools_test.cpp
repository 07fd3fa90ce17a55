// SPDX-License-Identifier: Apache-2.0
// Rules that another program judges: shellcheck and clang-format.
#include <gtest/gtest.h>

#include "tests/repo/tree.hpp"

namespace seatrial::repo {
namespace {

bool is_shell(const TextFile& file) {
  const auto first = file.text.substr(0, file.text.find('\n'));
  if (first.starts_with("#!"))
    return first.ends_with("bash") || first.ends_with("/sh") || first.ends_with("dash") ||
           first.ends_with("/sh -e") || first.ends_with("/bash -e");
  return file.path.ends_with(".sh");
}

std::string quoted(const std::string& path) { return " '" + path + "'"; }

TEST(Tools, shellcheck_finds_nothing) {
  if (!has_program("shellcheck")) GTEST_SKIP() << "shellcheck is not installed: ./sea setup test";
  std::string command = "shellcheck -x --severity=style";
  std::size_t seen = 0;
  for (const auto& file : files()) {
    if (!is_shell(file)) continue;
    command += quoted(file.path);
    ++seen;
  }
  EXPECT_GE(seen, 5u);
  const auto ran = run(command + " 2>&1");
  EXPECT_EQ(ran.code, 0) << ran.output.substr(0, 8000);
}

TEST(Tools, clang_format_would_change_nothing) {
  if (!has_program("clang-format"))
    GTEST_SKIP() << "clang-format is not installed: ./sea setup test";
  std::string command = "printf '%s\\0'";
  for (const auto& file : files())
    if (file.is_cpp()) command += quoted(file.path);
  const auto ran = run(command + " | xargs -0 -n 16 -P 2 clang-format --dry-run -Werror 2>&1");
  EXPECT_EQ(ran.code, 0) << ran.output.substr(0, 8000) << "\n./sea fmt formats the sources";
}

}  // namespace
}  // namespace seatrial::repo
