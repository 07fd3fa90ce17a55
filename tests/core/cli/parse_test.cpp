// SPDX-License-Identifier: Apache-2.0
#include "core/cli/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/cli/table.hpp"

namespace seatrial::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Invocation call(const std::vector<std::string>& words) {
  auto parsed = parse(words);
  EXPECT_TRUE(parsed) << parsed.error().describe();
  if (!parsed || !std::holds_alternative<Invocation>(*parsed)) return {};
  return std::get<Invocation>(*parsed);
}

Failure refusal(const std::vector<std::string>& words) {
  auto parsed = parse(words);
  EXPECT_FALSE(parsed);
  return parsed ? usage("was accepted", "-") : parsed.error();
}

TEST(Parse, operands_and_options_mix_in_any_order) {
  const auto run = call({"run", "--repeat", "3", "smoke", "--json", "update.*", "--out=x"});
  EXPECT_EQ(run.verb->name, "run");
  EXPECT_THAT(run.operands, ElementsAre("smoke", "update.*"));
  EXPECT_EQ(run.value("repeat"), "3");
  EXPECT_EQ(run.value("out"), "x");
  EXPECT_TRUE(run.has("json"));
  EXPECT_FALSE(run.has("quiet"));
}

TEST(Parse, the_command_line_is_kept_as_typed) {
  EXPECT_THAT(call({"run", "smoke", "--quiet"}).argv, ElementsAre("run", "smoke", "--quiet"));
}

TEST(Parse, an_option_takes_one_word_and_leaves_the_operand_after_it) {
  const auto run = call({"run", "--image", "a.img", "smoke"});
  EXPECT_EQ(run.value("image"), "a.img");
  EXPECT_THAT(run.operands, ElementsAre("smoke"));
}

TEST(Parse, a_verb_of_two_words_is_found) {
  const auto build = call({"image", "build", "refos-1.0.0"});
  EXPECT_EQ(build.verb->name, "image build");
  EXPECT_THAT(build.operands, ElementsAre("refos-1.0.0"));
}

TEST(Parse, an_option_may_be_repeated) {
  const auto edit = call({"image", "configure", "a.img", "x=1", "--remove", "a", "--remove", "b"});
  EXPECT_THAT(edit.values.at("remove"), ElementsAre("a", "b"));
  EXPECT_THAT(edit.operands, ElementsAre("a.img", "x=1"));
}

TEST(Parse, an_unknown_verb_is_answered_with_the_nearest) {
  const auto failure = refusal({"rnu", "smoke"});
  EXPECT_THAT(failure.what(), HasSubstr("'rnu'"));
  EXPECT_THAT(failure.advice(), HasSubstr("run"));
  EXPECT_EQ(exit_code_of(failure), 2);
}

TEST(Parse, an_unknown_sub_verb_is_answered_with_all_of_them) {
  EXPECT_THAT(refusal({"image", "biuld"}).advice(), HasSubstr("build"));
  EXPECT_THAT(refusal({"image"}).what(), HasSubstr("build, inspect"));
}

TEST(Parse, an_unknown_option_is_answered_with_the_nearest) {
  EXPECT_THAT(refusal({"run", "--repaet", "3"}).advice(), HasSubstr("--repeat"));
  EXPECT_THAT(refusal({"run", "--repaet=3"}).what(), HasSubstr("--repaet"));
}

TEST(Parse, an_option_without_its_value_is_refused) {
  EXPECT_EQ(exit_code_of(refusal({"run", "--repeat"})), 2);
  EXPECT_THAT(refusal({"run", "--repeat="}).what(), HasSubstr("--repeat needs a value"));
}

TEST(Parse, too_many_operands_and_wrong_words_are_refused) {
  EXPECT_THAT(refusal({"report", "a", "b"}).what(), HasSubstr("'b'"));
  EXPECT_THAT(refusal({"list", "suits"}).advice(), HasSubstr("suites"));
  EXPECT_THAT(refusal({"run", "smoke", "--", "ls"}).what(), HasSubstr("after --"));
  EXPECT_THAT(refusal({"--run"}).what(), HasSubstr("--run"));
}

TEST(Parse, help_and_version_are_found_wherever_they_stand) {
  EXPECT_TRUE(std::holds_alternative<WantsVersion>(*parse({"--version"})));
  EXPECT_TRUE(std::holds_alternative<WantsHelp>(*parse({})));
  EXPECT_EQ(std::get<WantsHelp>(*parse({"run", "smoke", "--help"})).verb->name, "run");
  EXPECT_EQ(std::get<WantsHelp>(*parse({"help", "image", "build"})).verb->name, "image build");
  EXPECT_EQ(std::get<WantsHelp>(*parse({"image", "--help"})).group, "image");
}

TEST(Parse, the_environment_stands_in_for_an_option_and_the_option_wins) {
  ::setenv("SEATRIAL_IMAGE", "from-environment", 1);
  EXPECT_EQ(call({"run"}).value("image"), "from-environment");
  EXPECT_THAT(call({"run"}).from_environment, ElementsAre("--image", "from-environment"));
  EXPECT_EQ(call({"run", "--image", "given"}).value("image"), "given");
  EXPECT_THAT(call({"run", "--image", "given"}).from_environment, IsEmpty());
  ::setenv("SEATRIAL_IMAGE", "", 1);
  EXPECT_FALSE(call({"run"}).has("image"));
  ::unsetenv("SEATRIAL_IMAGE");
}

TEST(Parse, numbers_are_checked) {
  EXPECT_EQ(*call({"run", "--repeat", "7"}).number("repeat", 1), 7);
  EXPECT_EQ(*call({"run"}).number("repeat", 4), 4);
  for (const char* wrong : {"0", "-1", "x", "3x", "99999999999"}) {
    const auto number = call({"run", std::string("--repeat=") + wrong}).number("repeat", 1);
    EXPECT_FALSE(number) << wrong;
  }
}

TEST(Table, every_verb_can_be_run_and_explained) {
  for (const auto* verb : verbs()) {
    EXPECT_NE(verb->run, nullptr) << verb->name;
    EXPECT_FALSE(verb->summary.empty()) << verb->name;
    EXPECT_FALSE(verb->description.empty()) << verb->name;
    EXPECT_EQ(find_verb(verb->name), verb);
    for (const auto& option : verb->options)
      EXPECT_FALSE(option.doc.empty()) << verb->name << " --" << option.name;
    for (const auto& example : verb->examples)
      EXPECT_NE(example.command.find("seatrial"), std::string_view::npos) << example.command;
  }
}

}  // namespace
}  // namespace seatrial::cli
