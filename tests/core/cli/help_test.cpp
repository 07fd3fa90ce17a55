// SPDX-License-Identifier: Apache-2.0
#include "core/cli/help.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/base/text.hpp"
#include "core/cli/completion.hpp"
#include "core/cli/table.hpp"
#include "core/cli/terminal.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "reports/headline.hpp"

namespace seatrial::cli {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(Help, lists_every_verb_that_people_use) {
  const auto text = program_help();
  for (const auto* verb : verbs())
    if (verb->name != "complete") {
      EXPECT_THAT(text, HasSubstr(std::string(verb->name)));
    }
  EXPECT_THAT(text, HasSubstr("EXIT STATUS"));
  EXPECT_THAT(text, Not(HasSubstr("(words for")));
}

TEST(Help, of_a_verb_names_every_option_and_its_variable) {
  for (const auto* verb : verbs()) {
    const auto text = verb_help(*verb);
    for (const auto& option : verb->options) {
      EXPECT_THAT(text, HasSubstr("--" + std::string(option.name)));
      EXPECT_THAT(text, HasSubstr(std::string(option.variable)));
    }
    for (const auto& line : split(text, '\n')) EXPECT_LE(line.size(), 90u) << line;
  }
}

TEST(Repetition, keeps_every_option_of_run_but_those_that_say_how_much_and_where_to) {
  const std::set<std::string_view> left_out{"repeat",       "until-fail", "shard", "from",
                                            "shuffle",      "desk",       "out",   "format",
                                            "hold-on-fail", "json",       "quiet"};
  for (const auto& option : find_verb("run")->options) {
    const auto word = "--" + std::string(option.name);
    reports::RunRecord run;
    run.argv = {"seatrial", "run", word, "the value"};
    reports::Case one;
    one.suite = "s";
    one.name = "c";
    one.attempts.emplace_back();
    const auto kept = "seatrial run s.c " + word + " 'the value'";
    EXPECT_EQ(reports::repeat_command(run, one),
              left_out.contains(option.name) ? "seatrial run s.c" : kept);
  }
}

TEST(Help, wraps_words_and_keeps_paragraphs) {
  EXPECT_EQ(wrapped("one two three", 2, 9), "  one two\n  three\n");
  EXPECT_EQ(wrapped("one\n\ntwo", 1, 20), " one\n\n two\n");
}

TEST(Terminal, text_is_cut_and_padded_by_columns_not_bytes) {
  EXPECT_EQ(fitted("abc", 5), "abc  ");
  EXPECT_EQ(fitted("abcdefgh", 6), "abc...");
  EXPECT_EQ(fitted("\u00e4\u00f6\u00fc", 4), "\u00e4\u00f6\u00fc ");
  EXPECT_EQ(columns_of(fitted("\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc", 4)), 4u);
  EXPECT_EQ(fitted("abcdef", 2), "..");
}

TEST(Terminal, a_pipe_has_no_colours) {
  EXPECT_EQ(Terminal::none().paint(Colour::red, "x"), "x");
  EXPECT_FALSE(Terminal::none().is_tty());
}

std::string shell(const std::string& script) {
  auto output = io::run_blocking(io::cmd("bash").arg("-c").arg(script),
                                 Budget(std::chrono::seconds(20), "bash"));
  EXPECT_TRUE(output);
  return output ? output->out + output->err : "";
}

/// What bash would offer for these words, with the cursor behind the last.
std::vector<std::string> offered(const std::string& words) {
  auto folder = io::TempDir::make("seatrial-completion");
  EXPECT_TRUE(folder);
  const auto file = folder->path() / "seatrial.bash";
  EXPECT_TRUE(io::write_file_atomic(file, *completion_script("bash")));
  return split(shell("source " + file.string() +
                     "; seatrial() { printf 'smoke\\nupdate\\n'; }; COMP_WORDS=(" + words +
                     "); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 )); _seatrial; printf '%s\\n' "
                     "\"${COMPREPLY[@]}\""),
               '\n');
}

TEST(Completion, of_bash_offers_verbs_options_and_words_asked_for) {
  EXPECT_THAT(offered("seatrial ''"), Contains("run"));
  EXPECT_THAT(offered("seatrial do"), Contains("doctor"));
  EXPECT_THAT(offered("seatrial image ''"), Contains("configure"));
  EXPECT_THAT(offered("seatrial run --rep"), Contains("--repeat"));
  EXPECT_THAT(offered("seatrial run smo"), Contains("smoke"));
  EXPECT_THAT(offered("seatrial list ''"), Contains("mutants"));
  EXPECT_THAT(offered("seatrial image build --ref"), Contains("--refresh"));
}

TEST(Completion, of_fish_and_zsh_names_every_option) {
  const auto fish = *completion_script("fish"), zsh = *completion_script("zsh");
  for (const auto* verb : verbs())
    for (const auto& option : verb->options) {
      EXPECT_THAT(fish, HasSubstr("-l " + std::string(option.name)));
      EXPECT_THAT(zsh, HasSubstr("--" + std::string(option.name)));
    }
  EXPECT_FALSE(completion_script("tcsh"));
}

}  // namespace
}  // namespace seatrial::cli
