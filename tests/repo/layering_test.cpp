// SPDX-License-Identifier: Apache-2.0
// Arrows never turn back: who may include whom. The table is keyed by the longest path prefix; a
// folder that is not in it may include nothing of ours.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <map>

#include "tests/repo/tree.hpp"

namespace seatrial::repo {
namespace {

using Allowed = std::vector<std::string_view>;

const std::map<std::string_view, Allowed>& table() {
  static const Allowed machinery{
      "core/base",       "core/io",       "core/model",    "core/disk",       "devices",
      "workers/drivers", "workers/qemu",  "workers/flash", "workers/console", "workers/network",
      "workers/dut",     "workers/guard", "workers/disk"};
  static const Allowed bench = [] {
    auto all = machinery;
    all.push_back("workers/bench");
    return all;
  }();
  static const std::map<std::string_view, Allowed> rows{
      {"core/base", {}},
      {"core/io", {"core/base"}},
      {"core/disk", {"core/base", "core/io"}},
      {"core/model", {"core/base"}},
      {"core/store", {"core/base", "core/io", "core/model"}},
      {"core/controller",
       {"core/base", "core/io", "core/model", "core/store", "devices", "lab", "reports"}},
      {"core/cli", {"core", "devices", "workers", "fixtures", "lab", "reports"}},
      // The loader of device types reads files and digests them, hence io.
      {"devices", {"core/base", "core/io", "core/model"}},
      {"workers/drivers", {"core/base", "core/io", "core/model", "devices"}},
      {"workers/disk", machinery},
      {"workers/qemu", machinery},
      {"workers/flash", machinery},
      {"workers/console", machinery},
      {"workers/network", machinery},
      {"workers/dut", machinery},
      {"workers/guard", machinery},
      {"workers/bench", machinery},
      {"workers/agent", bench},
      {"suites/kit", {"core/base", "core/io", "core/model"}},
      {"suites", {"suites/kit"}},
      {"fixtures/refos", {"core/base", "core/io", "core/model", "core/disk", "devices"}},
      {"fixtures/cloud", {"core/base", "core/io", "core/model"}},
      {"fixtures/vbench", {"core/base", "core/io", "core/model", "devices"}},
      {"lab", {"core/base", "core/io", "core/model", "devices", "workers/drivers"}},
      {"reports", {"core/base", "core/model"}},
      {"tests", {"core", "devices", "workers", "suites", "fixtures", "lab", "reports", "tests"}},
  };
  return rows;
}

/// The row of a path: the longest prefix in the table, or nullptr.
const std::pair<const std::string_view, Allowed>* row_of(std::string_view path) {
  const std::pair<const std::string_view, Allowed>* best = nullptr;
  for (const auto& row : table())
    if (is_under(path, row.first) && (best == nullptr || row.first.size() > best->first.size()))
      best = &row;
  return best;
}

/// Empty when `from` may include `to`.
std::string refusal(std::string_view from, std::string_view to) {
  const auto* mine = row_of(from);
  const auto* theirs = row_of(to);
  if (theirs == nullptr)
    return "includes \"" + std::string(to) + "\": not a path of ours from the repository root";
  if (mine == nullptr)
    return "this folder is not in the layering table of tests/repo/layering_test.cpp";
  // One suite may not see another, although one row holds them all.
  const auto area = [](std::string_view path) { return path.substr(0, path.find('/', 7)); };
  if (mine == theirs) {
    if (mine->first != "suites" || area(from) == area(to)) return {};
    return "one suite may not include another (" + std::string(to) + ")";
  }
  for (const auto folder : mine->second)
    if (is_under(to, folder)) return {};
  return std::string(mine->first) + " may not include " + std::string(theirs->first);
}

TEST(Layering, arrows_never_turn_back) {
  static const RE2 include(R"((?m)^[ \t]*#[ \t]*include[ \t]+"([^"]+)\")");
  Findings findings;
  std::size_t seen = 0;
  for (const auto& file : files()) {
    if (!file.is_cpp()) continue;
    re2::StringPiece rest(file.text), path;
    while (RE2::FindAndConsume(&rest, include, &path)) {
      ++seen;
      const auto why = refusal(file.path, {path.data(), path.size()});
      const auto offset = static_cast<std::size_t>(path.data() - file.text.data());
      if (!why.empty()) findings.push_back(at(file, offset, why));
    }
  }
  EXPECT_GT(seen, 100u) << "the rule found too few includes to be looking at the real tree";
  EXPECT_TRUE(findings.empty()) << shown(findings)
                                << "The arrows are in the table of this test; turn the dependency "
                                   "round or move the shared part down.";
}

TEST(Layering, the_table_itself_refuses_what_must_be_refused) {
  EXPECT_EQ(refusal("core/model/x.cpp", "core/base/y.hpp"), "");
  EXPECT_NE(refusal("core/base/x.cpp", "core/model/y.hpp"), "");
  EXPECT_NE(refusal("suites/smoke/x.cpp", "workers/bench/y.hpp"), "");
  EXPECT_NE(refusal("suites/smoke/x.cpp", "suites/update/y.hpp"), "");
  EXPECT_EQ(refusal("suites/smoke/x.cpp", "suites/smoke/y.hpp"), "");
  EXPECT_EQ(refusal("suites/smoke/x.cpp", "suites/kit/y.hpp"), "");
  EXPECT_NE(refusal("core/cli/x.cpp", "suites/kit/y.hpp"), "");
  EXPECT_NE(refusal("workers/bench/x.cpp", "fixtures/cloud/y.hpp"), "");
  EXPECT_NE(refusal("workers/bench/x.cpp", "y.hpp"), "");
}

}  // namespace
}  // namespace seatrial::repo
