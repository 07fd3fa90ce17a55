// SPDX-License-Identifier: Apache-2.0
#include "core/base/redact.hpp"

#include <gtest/gtest.h>

#include <random>

namespace seatrial {
namespace {

/// What a stream of these pieces comes to; `peak` gets the most that was held back.
std::string streamed(const std::vector<std::string>& pieces, std::size_t* peak = nullptr) {
  Redactor redactor;
  std::string out;
  std::size_t in = 0;
  for (const auto& piece : pieces) {
    in += piece.size();
    out += redactor.take(piece);
    if (peak) *peak = std::max(*peak, in - std::min(in, out.size()));
  }
  return out + redactor.finish();
}

TEST(Redact, registered_secrets_never_leave) {
  register_secret("hunter2hunter2");
  EXPECT_EQ(redact("key=hunter2hunter2; again hunter2hunter2"), "key=<redacted>; again <redacted>");
  EXPECT_EQ(redact(""), "");
}

TEST(Redact, short_words_are_not_taken_for_secrets) {
  register_secret("root");
  EXPECT_EQ(redact("root logs in"), "root logs in");
}

TEST(Redact, nothing_is_left_of_secrets_that_overlap_or_hold_each_other) {
  register_secret("overlap-one");
  register_secret("one-and-two");
  register_secret("overlap-one-and-two-and-three");
  EXPECT_EQ(redact("[overlap-one-and-two]"), "[<redacted>]");
  EXPECT_EQ(redact("[overlap-one-and-two-and-three]"), "[<redacted>]");
  EXPECT_EQ(redact("[overlap-one, one-and-two]"), "[<redacted>, <redacted>]");
}

TEST(Redactor, a_secret_is_found_wherever_it_is_cut) {
  register_secret("the-streamed-secret");
  const std::string text =
      "a the-streamed-secret b the-streamed-secretthe-streamed-secret the-stre";
  const std::string wanted = "a <redacted> b <redacted><redacted> the-stre";
  ASSERT_EQ(redact(text), wanted);
  for (std::size_t first = 0; first <= text.size(); ++first)
    for (std::size_t second = first; second <= text.size(); ++second)
      EXPECT_EQ(streamed({text.substr(0, first), text.substr(first, second - first),
                          text.substr(second)}),
                wanted)
          << first << " " << second;
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(streamed(bytes), wanted);
}

TEST(Redactor, gives_at_once_what_cannot_be_the_beginning_of_a_secret) {
  register_secret("the-streamed-secret");
  Redactor redactor;
  EXPECT_EQ(redactor.take("a line\n"), "a line\n");
  EXPECT_EQ(redactor.take("more the-str"), "more ");
  EXPECT_EQ(redactor.take("ing"), "the-string");
  EXPECT_EQ(redactor.finish(), "");
  EXPECT_EQ(redactor.take("again the-streamed-secret"), "again <redacted>");
}

TEST(Redactor, comes_to_the_same_as_the_whole_text_however_secrets_lie_in_it) {
  // Secrets of two letters overlap themselves and each other in most ways there are.
  for (const char* secret : {"aabaab", "abaaba", "aaaaaa", "bbabbabb", "baabaabaab"})
    register_secret(secret);
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (auto size = random() % 60; size > 0; --size) text += "aaabb."[random() % 6];
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % 9;
      pieces.push_back(text.substr(at, size));
      at += size;
    }
    ASSERT_EQ(streamed(pieces), redact(text)) << text;
  }
}

TEST(Redactor, holds_less_than_the_longest_secret_whatever_comes) {
  register_secret("aaaaaa");
  Redactor redactor;
  std::string out;
  for (int i = 0; i < 1000; ++i) out += redactor.take("aaaaaaaaaa");
  EXPECT_EQ(out, "<redacted>") << "one secret after another, all of them overlapping";
  EXPECT_EQ(redactor.take("x"), "x");
  std::size_t peak = 0;
  streamed(std::vector<std::string>(1000, "the-streamed-secr"), &peak);
  EXPECT_LT(peak, 30u);
}

}  // namespace
}  // namespace seatrial
