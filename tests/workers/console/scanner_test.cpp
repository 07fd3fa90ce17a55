// SPDX-License-Identifier: Apache-2.0
#include "workers/console/scanner.hpp"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>

namespace seatrial::console {
namespace {

using namespace std::chrono_literals;

PatternSet::Ptr set_of(std::vector<Pattern> patterns) {
  auto set = PatternSet::compile(std::move(patterns));
  EXPECT_TRUE(set.has_value()) << set.error().describe();
  return *set;
}

struct Seen {
  std::size_t pattern;
  std::string text;
  std::uint64_t begin, end;
  bool operator==(const Seen&) const = default;
};
void PrintTo(const Seen& seen, std::ostream* out) {
  *out << seen.pattern << " '" << seen.text << "' " << seen.begin << "-" << seen.end;
}

/// Feeds `chunks` to one scanner; what it found.
std::vector<Seen> scan(const PatternSet::Ptr& set, const std::vector<std::string>& chunks,
                       Scanner::Mode mode = Scanner::Mode::every_line, std::uint64_t from = 0) {
  LineFeed lines;
  Scanner scanner(set, from, mode);
  std::vector<Seen> out;
  const OnFound found = [&](const Found& f) {
    out.push_back({f.hit.pattern, std::string(f.line.substr(f.hit.begin, f.hit.end - f.hit.begin)),
                   f.begin, f.end});
  };
  for (const auto& chunk : chunks) {
    lines.feed(chunk, 0ns, [&](const Block& block) { scanner.block(block, found); });
    scanner.tail(lines.tail(), 0ns, lines.full(), found);
    if (lines.full()) lines.trim();
  }
  lines.end_line([&](const Block& block) { scanner.block(block, found); });
  return out;
}

std::vector<std::string> one_by_one(std::string_view text) {
  std::vector<std::string> out;
  for (const char c : text) out.emplace_back(1, c);
  return out;
}

TEST(Scanner, finds_the_same_wherever_the_stream_is_cut) {
  const auto set = set_of({"bootcount=(\\d+)", "login: ", "colou?red"});
  const std::string text =
      "noise\r\nrefos-loader: slot=A bootcount=12\r\n\x1b[1;31mcolo\x1b[0mured\x1b[K\r\nseatrial "
      "login: ";
  const auto whole = scan(set, {text});
  ASSERT_EQ(whole.size(), 3u);
  EXPECT_EQ(whole[0].text, "bootcount=12");
  EXPECT_EQ(whole[1].text, "coloured");
  EXPECT_EQ(text.substr(whole[1].begin, whole[1].end - whole[1].begin), "colo\x1b[0mured");
  EXPECT_EQ(whole[2].text, "login: ");
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(scan(set, {text.substr(0, cut), text.substr(cut)}), whole) << "cut at " << cut;
  EXPECT_EQ(scan(set, one_by_one(text)), whole);
}

TEST(Scanner, a_first_match_is_the_same_wherever_the_stream_is_cut) {
  const auto set = set_of({"bootcount=(\\d+)", "login: $"});
  const std::string text = "slot=A bootcount=12\r\nseatrial login: root\r\nseatrial login: ";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto seen = scan(set, {text.substr(0, cut), text.substr(cut)}, Scanner::Mode::first);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].text, "bootcount=12") << "cut at " << cut;
  }
}

TEST(Scanner, looks_only_at_what_begins_at_its_offset_or_later) {
  const auto set = set_of({"ready"});
  const std::string text = "ready one\nnot ready two, ready three\nready four\n";
  const auto first = text.find("ready two");
  for (const std::uint64_t from : {first, first - 1}) {
    const auto seen = scan(set, {text}, Scanner::Mode::first, from);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].begin, first);
  }
  EXPECT_EQ(scan(set, {text}, Scanner::Mode::first, first + 1).at(0).begin,
            text.find("ready three"));
  EXPECT_TRUE(scan(set, {text}, Scanner::Mode::first, text.size()).empty());
}

TEST(Scanner, a_line_without_end_is_searched_in_linear_time_and_bounded_memory) {
  const auto set = set_of({"needle-[0-9]+ "});
  LineFeed lines;
  Scanner scanner(set, 0, Scanner::Mode::first);
  std::vector<Seen> seen;
  const OnFound found = [&](const Found& f) { seen.push_back({0, "", f.begin, f.end}); };
  const std::string piece(9973, 'x');  // no divisor of the bounds: the needle lies across a cut
  std::uint64_t fed = 0;
  const auto feed = [&](std::string_view chunk) {
    lines.feed(chunk, 0ns, [&](const Block& block) { scanner.block(block, found); });
    scanner.tail(lines.tail(), 0ns, lines.full(), found);
    if (lines.full()) lines.trim();
    fed += chunk.size();
    ASSERT_LE(lines.tail().raw.size(), LineFeed::longest_tail + piece.size());
  };
  while (fed < (10u << 20)) feed(piece);
  const auto at = fed;
  feed("need");
  feed("le-4");
  feed("2 ");
  feed(piece);
  feed(piece);
  feed("\n");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].begin, at);
  EXPECT_EQ(seen[0].end, at + 10);
}

TEST(Scanner, the_cut_of_an_endless_line_is_not_its_beginning) {
  const auto set = set_of({"^xx"});
  std::vector<std::string> chunks{"y"};
  for (int i = 0; i < 40; ++i) chunks.emplace_back(10000, 'x');
  EXPECT_TRUE(scan(set, chunks).empty());
}

TEST(Scanner, an_endless_line_is_reported_once) {
  const auto set = set_of({"BUG: "});
  std::vector<std::string> chunks;
  for (int i = 0; i < 100; ++i) chunks.push_back("BUG: " + std::string(5000, '.'));
  chunks.emplace_back("\nBUG: again\n");
  EXPECT_EQ(scan(set, chunks).size(), 2u);
}

TEST(Scanner, quiet_decides_about_prompts_that_may_go_on) {
  const auto set = set_of({Pattern("[#$] $", Where::prompt)});
  LineFeed lines;
  Scanner scanner(set, 0, Scanner::Mode::first);
  int seen = 0;
  const OnFound found = [&](const Found&) { ++seen; };
  lines.feed("root@seatrial:~# ", 1s, [](const Block&) {});
  scanner.tail(lines.tail(), 0ns, false, found);
  scanner.tail(lines.tail(), 10ms, false, found);
  EXPECT_EQ(seen, 0);
  scanner.tail(lines.tail(), 30ms, false, found);
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(scanner.done());
}

/// Random console output: plain, coloured, CRLF, garbage, prompts, and lines that match.
std::string babble(std::mt19937& random, std::size_t size) {
  static const char* const words[] = {"Kernel panic - not syncing",
                                      "BUG: oops",
                                      "login: ",
                                      "\x1b[0;32m",
                                      "\x1b[0m",
                                      "\r\n",
                                      "\n",
                                      "\r\n",
                                      " ok ",
                                      "count=12345",
                                      "\x1b]0;title\a",
                                      "\xff\x80",
                                      "panic",
                                      "BUG",
                                      ": ",
                                      "a",
                                      "b",
                                      "\r",
                                      "(end)"};
  std::string out;
  while (out.size() < size)
    out += words[std::uniform_int_distribution<std::size_t>(0, std::size(words) - 1)(random)];
  return out;
}

/// The slow and obvious way, written independently: whole text, line by line, pattern by pattern.
std::vector<std::pair<std::size_t, std::string>> reference(const std::vector<std::string>& patterns,
                                                           std::string text) {
  RE2::GlobalReplace(&text, R"(\x1b\[[0-9;]*m|\x1b\]0;title\x07)", "");
  std::vector<std::pair<std::size_t, std::string>> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    std::size_t best = std::string::npos, which = 0;
    std::string found;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      RE2::Options latin1(RE2::Latin1);
      const RE2 regex("(" + patterns[i] + ")", latin1);
      re2::StringPiece piece;
      if (!RE2::PartialMatch(line, regex, &piece)) continue;
      const auto at = static_cast<std::size_t>(piece.data() - line.data());
      if (at < best) best = at, which = i, found = std::string(piece);
    }
    if (best != std::string::npos) out.emplace_back(which, found);
    begin = end + 1;
  }
  return out;
}

class RandomCuts : public testing::TestWithParam<unsigned> {};

TEST_P(RandomCuts, agree_with_a_reference_matcher) {
  std::mt19937 random(GetParam());
  const std::vector<std::string> regexes = {"Kernel panic - \\w+", "BUG: ", "login: ", "count=\\d+",
                                            "\\(end\\)"};
  std::vector<Pattern> patterns(regexes.begin(), regexes.end());
  const auto filtered = set_of(patterns);
  patterns.emplace_back("qqq?");  // no literal of four bytes: no prefilter
  const auto unfiltered = set_of(patterns);
  ASSERT_TRUE(filtered->filtered());
  ASSERT_FALSE(unfiltered->filtered());
  const std::string text = babble(random, 20000);
  const auto expected = reference(regexes, text);
  ASSERT_GT(expected.size(), 100u);
  for (const auto& set : {filtered, unfiltered}) {
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < text.size();) {
      const auto n =
          std::uniform_int_distribution<std::size_t>(1, GetParam() % 3 ? 50 : 3000)(random);
      chunks.push_back(text.substr(at, n));
      at += n;
    }
    const auto seen = scan(set, chunks);
    ASSERT_EQ(seen.size(), expected.size());
    for (std::size_t i = 0; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i].pattern, expected[i].first) << i;
      EXPECT_EQ(seen[i].text, expected[i].second) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCuts, testing::Range(1u, 13u));

TEST(Scanner, any_bytes_at_all_are_survived) {
  std::mt19937 random(99);
  const auto set = set_of({"Kernel panic", "x.*y$", "^[a-z]+ "});
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> chunks;
    for (int i = 0; i < 20; ++i) {
      std::string chunk(std::uniform_int_distribution<std::size_t>(0, 300)(random), '\0');
      for (auto& c : chunk) {
        c = static_cast<char>(random());
        if (random() % 8 == 0) c = "\x1b[]\n\r;"[random() % 6];
      }
      chunks.push_back(chunk);
    }
    scan(set, chunks);
    scan(set, chunks, Scanner::Mode::first, random() % 3000);
  }
}

}  // namespace
}  // namespace seatrial::console
