// SPDX-License-Identifier: Apache-2.0
// What must not stand in a source file: naked waits, traps of the compiler, unfinished business,
// paths of one machine, failures without advice.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include "core/base/text.hpp"
#include "tests/repo/tree.hpp"

namespace seatrial::repo {
namespace {

struct Word {
  const char* pattern;
  const char* why;
};

/// Every match of `pattern` in `where` (the file's text or code).
Findings matches(const TextFile& file, const std::string& where, const RE2& pattern,
                 const char* why) {
  Findings out;
  re2::StringPiece rest(where), found;
  while (RE2::FindAndConsume(&rest, pattern, &found)) {
    const auto offset = static_cast<std::size_t>(found.data() - where.data());
    out.push_back(at(file, offset, std::string(found.data(), found.size()) + ": " + why));
  }
  return out;
}

void add(Findings& all, Findings more) { all.insert(all.end(), more.begin(), more.end()); }

/// A braced list inside a co_await expression; the brace of a lambda's body is none.
bool has_braced_await(std::string_view expression) {
  auto brace = expression.find('{');
  // An empty pair is an empty value, not a list.
  while (brace != std::string_view::npos && expression.substr(brace, 2) == "{}")
    brace = expression.find('{', brace + 2);
  if (brace == std::string_view::npos) return false;
  auto before = expression.substr(0, brace);
  while (!before.empty() && std::isspace(static_cast<unsigned char>(before.back())) != 0)
    before.remove_suffix(1);
  static const RE2 body(R"((\)|\]|mutable|noexcept|->[^({]*)$)");
  return !RE2::PartialMatch(re2::StringPiece(before.data(), before.size()), body);
}

Findings braced_awaits(const TextFile& file) {
  Findings out;
  for (auto i = file.code.find("co_await"); i != std::string::npos;
       i = file.code.find("co_await", i + 8)) {
    const auto end = file.code.find(';', i);
    if (has_braced_await(std::string_view(file.code).substr(i, end - i)))
      out.push_back(at(file, i, "braces inside a co_await expression crash g++ 12: name a local"));
  }
  return out;
}

/// Temporaries in the branches of ?: inside a co_await expression are destroyed twice by g++ 12.
Findings conditional_awaits(const TextFile& file) {
  Findings out;
  for (auto i = file.code.find("co_await"); i != std::string::npos;
       i = file.code.find("co_await", i + 8)) {
    const auto end = file.code.find_first_of(";{", i);
    if (std::string_view(file.code).substr(i, end - i).find(" ? ") != std::string_view::npos)
      out.push_back(at(file, i, "?: inside a co_await expression crashes g++ 12: name a local"));
  }
  return out;
}

TEST(TextRules, no_naked_waits_and_no_traps) {
  static const Word words[] = {
      {R"(\b(sleep_for|sleep_until|usleep|nanosleep)\b)",
       "wait on a fact with within(), or pause()"},
      {R"((::sleep\())", "wait on a fact with within(), or pause()"},
      {R"((operator\|\|))", "hides failures until the timer ends: use within()"},
      {R"(\b(awaitable_operators)\b)", "operator|| hides failures: use within() or a Nursery"},
      {R"(\b(detached)\b)", "loses errors: start it in a Nursery"},
      {R"((using namespace std)\s*;)", "write std:: out"},
  };
  Findings findings;
  for (const auto& file : files()) {
    if (!file.is_cpp() || is_under(file.path, "core/base")) continue;
    // The guard has no loop of its own to wait in: it outlives whoever had one.
    if (file.path != "workers/guard/main.cpp")
      for (const auto& word : words)
        add(findings, matches(file, file.code, RE2(word.pattern), word.why));
    add(findings, braced_awaits(file));
    add(findings, conditional_awaits(file));
  }
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

TEST(TextRules, braces_of_a_lambda_are_told_from_a_braced_list) {
  EXPECT_TRUE(has_braced_await("co_await run({\"a\", \"b\"})"));
  EXPECT_TRUE(has_braced_await("co_await run(vector<string>{\"a\"})"));
  EXPECT_FALSE(has_braced_await("co_await spawn([] { return 1"));
  EXPECT_FALSE(has_braced_await("co_await spawn([](int x) -> Task<int> { co_return x"));
  EXPECT_FALSE(has_braced_await("co_await more()) {\n  use()"));
  EXPECT_FALSE(has_braced_await("co_await plain()"));
  EXPECT_FALSE(has_braced_await("co_await configure(x, {})"));
  EXPECT_TRUE(has_braced_await("co_await configure({}, {1})"));
}

TEST(TextRules, nothing_is_left_unfinished) {
  // Spelt apart, so that this file passes its own rule.
  static const RE2 words(
      "\\b(TO"
      "DO|FIX"
      "ME|XX"
      "X)\\b");
  Findings findings;
  for (const auto& file : files())
    if (!is_under(file.path, "LICENSE"))
      add(findings, matches(file, file.text, words, "finish it, or write an issue"));
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

TEST(TextRules, no_path_of_one_machine) {
  static const RE2 paths(
      "((?:/wo"
      "rk/[\\w.]+|/ho"
      "me/\\w+|\\.\\./sha"
      "red/)[\\w./-]*)");
  Findings findings;
  for (const auto& file : files())
    add(findings, matches(file, file.text, paths, "exists on one machine only"));
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

/// The arguments of the call whose parenthesis opens at `open`, as written.
std::vector<std::string> arguments_of(const TextFile& file, std::size_t open) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (std::size_t i = open; i < file.code.size(); ++i) {
    const char c = file.code[i];
    if (c == '(' || c == '{' || c == '[') ++depth;
    if (c == ')' || c == '}' || c == ']') --depth;
    if (depth == 0) break;
    if (depth == 1 && c == ',')
      out.emplace_back();
    else if (i > open)
      out.back() += file.text[i];
  }
  for (auto& one : out) one = std::string(trim(one));
  return out;
}

TEST(TextRules, every_failure_written_down_has_a_code_and_advice) {
  static const RE2 call(R"(\b(Failure\s*\())");
  static const RE2 code(R"re("([^"]*)")re");
  static const RE2 good(R"([a-z0-9_]+(\.[a-z0-9_]+)*)");
  Findings findings;
  std::size_t seen = 0;
  for (const auto& file : files()) {
    if (!file.is_cpp() || is_under(file.path, "tests")) continue;
    re2::StringPiece rest(file.code), found;
    while (RE2::FindAndConsume(&rest, call, &found)) {
      const auto begin = static_cast<std::size_t>(found.data() - file.code.data());
      const auto arguments = arguments_of(file, begin + found.size() - 1);
      std::string literal;
      if (arguments.size() < 4) continue;  // a declaration, or a copy
      ++seen;
      if (RE2::FullMatch(arguments[0], code, &literal) && !RE2::FullMatch(literal, good))
        findings.push_back(at(file, begin, "code \"" + literal + "\" is not dotted.lower_case"));
      for (std::size_t i = 2; i < 4; ++i)
        if (arguments[i] == "\"\"" || arguments[i] == "{}" || arguments[i] == "std::string()")
          findings.push_back(at(file, begin, "a failure without words: say what and what to do"));
    }
  }
  EXPECT_GT(seen, 100u) << "the rule found too few failures to be looking at the real tree";
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

TEST(TextRules, heavy_headers_stay_in_sources) {
  // Compile time: each of these costs every file that includes our header 2 to 13 seconds.
  static const RE2 heavy(
      R"((?m)^#include\s+<(nlohmann/json\.hpp|CLI/[\w./]+|spdlog/[\w./]+|boost/[\w./]+)>)");
  Findings findings;
  for (const auto& file : files()) {
    if (!file.is_header() || is_under(file.path, "core/base") || is_under(file.path, "tests"))
      continue;
    re2::StringPiece rest(file.text), found;
    while (RE2::FindAndConsume(&rest, heavy, &found)) {
      const std::string name(found.data(), found.size());
      if (name == "boost/asio/awaitable.hpp" || name == "boost/asio/any_io_executor.hpp") continue;
      // Inner headers of the facades of core/io, not in its header set.
      if (is_under(file.path, "core/io") && name.starts_with("boost/asio/")) continue;
      findings.push_back(at(file, static_cast<std::size_t>(found.data() - file.text.data()),
                            name + ": hide it behind a header of ours"));
    }
  }
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

TEST(TextRules, CLI11_is_for_command_lines_alone) {
  Findings findings;
  for (const auto& file : files())
    if (file.is_cpp() && !is_under(file.path, "core/cli") && !file.path.ends_with("/main.cpp") &&
        !is_under(file.path, "tests/repo") && file.text.find("#include <CLI/") != std::string::npos)
      findings.push_back(file.path);
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

}  // namespace
}  // namespace seatrial::repo
