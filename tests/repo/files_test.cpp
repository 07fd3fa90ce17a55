// SPDX-License-Identifier: Apache-2.0
// Rules about whole files: licence line, size, and that every device folder is complete.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/base/text.hpp"
#include "devices/catalog.hpp"
#include "tests/repo/tree.hpp"

namespace seatrial::repo {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view tag = "SPDX-License-Identifier: Apache-2.0";
constexpr std::size_t asked = 400, refused = 600;

bool has_no_comments(std::string_view path) {
  for (const auto ending : {".md", ".json", ".svg", ".xsd", ".txt", ".cast", ".xml", ".golden"})
    if (path.ends_with(ending) && path != "packaging/debian-packages.txt") return true;
  return path == "LICENSE" || path == ".gitignore" ||
         path.find("/testdata/") != std::string_view::npos ||
         path.find("/fuzz/corpus/") != std::string_view::npos;
}

/// Files of the guest that are copied as they are, where a comment line would change their meaning.
bool is_guest_data(std::string_view path) { return is_under(path, "fixtures/refos"); }

TEST(Files, each_says_its_licence_first) {
  Findings findings;
  for (const auto& file : files()) {
    if (has_no_comments(file.path)) continue;
    const auto where = file.text.find(tag);
    if (where == std::string::npos) {
      if (!is_guest_data(file.path) || file.is_cpp())
        findings.push_back(file.path + ":1: no SPDX line");
      continue;
    }
    // A script's first line is its interpreter's.
    const bool second = file.text.starts_with("#!") || file.text.starts_with("<!");
    const std::size_t latest = is_guest_data(file.path) ? 5 : second ? 2 : 1;
    if (file.line_at(where) > latest)
      findings.push_back(at(file, where, "the SPDX line comes first"));
  }
  EXPECT_TRUE(findings.empty()) << shown(findings) << "Wanted: // " << tag;
}

bool is_measured(const TextFile& file) {
  for (const auto ending : {".sh", ".py", ".js", ".css", ".cmake", "CMakeLists.txt", ".c"})
    if (file.path.ends_with(ending)) return true;
  return file.is_cpp() || file.text.starts_with("#!");
}

/// "path lines" per row: files above 400 lines, and how long they may be. Rows may only shrink.
std::map<std::string, std::size_t> exceptions() {
  std::map<std::string, std::size_t> out;
  std::ifstream in(root() / "tests/repo/size_exceptions.txt");
  std::string path;
  for (std::size_t lines = 0; in >> path >> lines;) out[path] = lines;
  return out;
}

TEST(Files, each_is_small) {
  Findings findings;
  auto allowed = exceptions();
  for (const auto& file : files()) {
    if (!is_measured(file)) continue;
    const auto lines =
        static_cast<std::size_t>(std::count(file.text.begin(), file.text.end(), '\n'));
    const auto row = allowed.find(file.path);
    const std::string figure = file.path + ":" + std::to_string(lines) + ": ";
    if (lines > refused)
      findings.push_back(figure + "more than 600 lines, no exception: split it by idea");
    else if (lines > asked && row == allowed.end())
      findings.push_back(figure + "more than 400 lines: split it by idea");
    else if (row != allowed.end() && lines != row->second)
      findings.push_back(
          figure + (lines > row->second ? "grew beyond" : "shrank below") +
          " its row in tests/repo/size_exceptions.txt: " + std::to_string(row->second));
    if (row != allowed.end()) allowed.erase(row);
  }
  for (const auto& [path, lines] : allowed)
    findings.push_back(path + ": gone; remove its row from tests/repo/size_exceptions.txt");
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

/// Lengths of functions, by the layout that clang-format guarantees: a body opens at the end of a
/// line that begins at some indentation and closes with a brace at the same one.
struct Function {
  std::size_t line = 0, lines = 0;
};

std::vector<Function> functions_of(const TextFile& file) {
  static const RE2 opens(R"(^( {0,2})[A-Za-z~].*\)[^;=]*\{$)");
  static const RE2 other(R"(^ *(namespace|class|struct|enum|union|extern|if|for|while|switch)\b)");
  std::vector<Function> out;
  const auto lines = split(file.code, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string indent;
    if (!RE2::PartialMatch(lines[i], opens, &indent) || RE2::PartialMatch(lines[i], other))
      continue;
    std::size_t end = i + 1;
    while (end < lines.size() && !lines[end].starts_with(indent + "}")) ++end;
    out.push_back({i + 1, end - i + 1});
  }
  return out;
}

TEST(Files, each_function_is_short) {
  // clang-tidy says the same, and counts nesting too, but takes minutes.
  Findings findings;
  std::size_t seen = 0;
  for (const auto& file : files()) {
    if (!file.is_cpp()) continue;
    for (const auto& function : functions_of(file)) {
      ++seen;
      if (function.lines > 80)
        findings.push_back(file.path + ":" + std::to_string(function.line) + ": a function of " +
                           std::to_string(function.lines) + " lines, 80 are allowed");
    }
  }
  EXPECT_GT(seen, 500u) << "the rule found too few functions to be looking at the real tree";
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

TEST(Files, every_device_folder_loads_and_explains_itself) {
  const devices::Catalog catalog(root() / "devices");
  std::size_t seen = 0;
  for (const auto& entry : fs::directory_iterator(root() / "devices")) {
    if (!entry.is_directory() || entry.path().filename() == "profiles") continue;
    ++seen;
    const auto slug = entry.path().filename().string();
    const auto device = catalog.device(slug);
    ASSERT_TRUE(device) << device.error().describe();
    EXPECT_EQ(device->slug, slug) << "the folder's name is the slug";
    EXPECT_TRUE(catalog.profile(device->profile))
        << slug << " names the profile " << device->profile;
    EXPECT_TRUE(fs::exists(entry.path() / "README.md")) << entry.path() << " has no README.md";
  }
  EXPECT_GE(seen, 1u);
  for (const auto& name : catalog.profile_names()) {
    const auto profile = catalog.profile(name);
    EXPECT_TRUE(profile) << profile.error().describe();
  }
}

TEST(Files, no_copy_of_a_build_or_an_editor_is_tracked) {
  Findings findings;
  for (const auto& file : files())
    for (const auto ending : {"~", ".orig", ".rej", ".swp", ".o", ".a", ".pyc"})
      if (file.path.ends_with(ending)) findings.push_back(file.path);
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

}  // namespace
}  // namespace seatrial::repo
