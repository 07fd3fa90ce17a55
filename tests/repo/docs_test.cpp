// SPDX-License-Identifier: Apache-2.0
// Commands in the documentation exist: every line of a fenced block that begins with seatrial or
// ./sea names a verb of the table and options that the verb has. Links between pages lead
// somewhere.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include "core/base/text.hpp"
#include "core/cli/parse.hpp"
#include "core/cli/table.hpp"
#include "tests/repo/tree.hpp"

namespace seatrial::repo {
namespace {

/// The words of a command as a shell would see them, quotes taken off; up to a pipe or a redirect.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  char quote = 0;
  for (const char c : line) {
    if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '|' || c == '>' || c == '#' || c == ')') {
      break;
    } else if (c == ' ') {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
    } else {
      word += c;
    }
  }
  if (!word.empty()) out.push_back(word);
  return out;
}

const std::vector<std::string>& sea_words() {
  static const std::vector<std::string> words{"setup", "build", "check", "test",
                                              "bench", "fmt",   "help"};
  return words;
}

/// What is wrong with a documented command; "" when it exists.
std::string wrong_with(std::string line) {
  std::size_t skip = 0;
  if (line.starts_with("source <(")) skip = 9;
  auto words = words_of(std::string_view(line).substr(skip));
  if (words.size() < 2) return {};
  const bool sea = words[0] == "./sea";
  if (!sea && words[0] != "seatrial") return {};
  words.erase(words.begin());
  if (sea && std::find(sea_words().begin(), sea_words().end(), words[0]) != sea_words().end())
    return {};
  const auto parsed = cli::parse(words);
  return parsed ? std::string() : parsed.error().describe();
}

TEST(Docs, every_command_exists) {
  Findings findings;
  std::size_t seen = 0;
  for (const auto& file : files()) {
    if (!file.path.ends_with(".md")) continue;
    bool fenced = false;
    std::size_t number = 0;
    for (const auto& line : split(file.text, '\n')) {
      ++number;
      if (line.starts_with("```")) {
        fenced = !fenced;
        continue;
      }
      if (!fenced) continue;
      ++seen;
      const auto wrong = wrong_with(line);
      if (!wrong.empty())
        findings.push_back(file.path + ":" + std::to_string(number) + ": " + line + ": " + wrong);
    }
  }
  EXPECT_GT(seen, 20u);
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

TEST(Docs, a_command_that_does_not_exist_is_noticed) {
  EXPECT_EQ(wrong_with("seatrial run smoke --json"), "");
  EXPECT_EQ(wrong_with("./sea run smoke | tee log"), "");
  EXPECT_EQ(wrong_with("./sea check"), "");
  EXPECT_NE(wrong_with("seatrial rnu"), "");
  EXPECT_NE(wrong_with("./sea run --no-such-option"), "");
  EXPECT_NE(wrong_with("source <(seatrial completion tcsh)"), "");
}

TEST(Docs, links_between_pages_lead_somewhere) {
  static const RE2 link(R"(\]\(([^)#: ]+)(?:#[^)]*)?\))");
  Findings findings;
  for (const auto& file : files()) {
    if (!file.path.ends_with(".md")) continue;
    re2::StringPiece rest(file.text), target;
    while (RE2::FindAndConsume(&rest, link, &target)) {
      const auto path = (root() / file.path).parent_path() / std::string(target);
      if (!std::filesystem::exists(path))
        findings.push_back(at(file, static_cast<std::size_t>(target.data() - file.text.data()),
                              "leads nowhere: " + std::string(target)));
    }
  }
  EXPECT_TRUE(findings.empty()) << shown(findings);
}

TEST(Docs, every_kind_of_event_that_is_written_is_in_the_list_of_kinds) {
  static const RE2 written(R"(events(?:_|\(\))?(?:\.|->)write\(\s*"(\w+)\")");
  std::string list;
  for (const auto& file : files())
    if (file.path == "core/model/event.hpp") list = file.text;
  Findings findings;
  std::size_t seen = 0;
  for (const auto& file : files()) {
    if (!is_under(file.path, "workers")) continue;
    re2::StringPiece rest(file.text), kind;
    while (RE2::FindAndConsume(&rest, written, &kind)) {
      ++seen;
      const auto offset = static_cast<std::size_t>(kind.data() - file.text.data());
      if (list.find("\n// " + std::string(kind) + " ") == std::string::npos)
        findings.push_back(at(file, offset, "not listed: " + std::string(kind)));
    }
  }
  EXPECT_GT(seen, 20u);
  EXPECT_TRUE(findings.empty()) << shown(findings) << "The list is in core/model/event.hpp.";
}

TEST(Docs, sea_knows_the_words_that_this_test_takes_for_its_own) {
  for (const auto& word : sea_words()) {
    bool found = false;
    for (const auto& file : files())
      if (file.path == "sea") found = file.text.find("    " + word + ")") != std::string::npos;
    EXPECT_TRUE(found) << word;
  }
}

}  // namespace
}  // namespace seatrial::repo
