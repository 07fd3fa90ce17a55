// SPDX-License-Identifier: Apache-2.0
#include "core/model/verbs.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace seatrial::model {
namespace {
using nlohmann::json;

TEST(Verbs, names_are_unique_and_documented) {
  std::set<std::string_view> names;
  for (const auto& verb : verbs()) {
    EXPECT_TRUE(names.insert(verb.name).second) << verb.name;
    EXPECT_FALSE(verb.doc.empty()) << verb.name;
    EXPECT_EQ(verb.doc.back(), '.') << verb.name;
  }
}

TEST(Verbs, arguments_are_checked_by_the_table) {
  const Verb& run = *find_verb("shell.run");
  EXPECT_TRUE(check_arguments(run, json{{"command", "true"}, {"timeout", 5}}).has_value());
  EXPECT_FALSE(check_arguments(run, json{{"command", 5}}).has_value());
  EXPECT_FALSE(check_arguments(run, json::object()).has_value());
  EXPECT_FALSE(check_arguments(run, json::array()).has_value());
  const auto unknown = check_arguments(run, json{{"command", "x"}, {"timeuot", 5}});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().what().find("did you mean timeout?"), std::string::npos);
}

TEST(Verbs, every_verb_has_a_deadline_of_its_own_but_streams_have_none) {
  for (const auto& verb : verbs()) {
    if (verb.streams)
      EXPECT_EQ(default_deadline(verb, json{{"timeout", 9}}), 0) << verb.name;
    else
      EXPECT_GE(default_deadline(verb, json::object()), 60) << verb.name;
  }
}

TEST(Verbs, a_default_deadline_lies_behind_the_timeout_it_guards) {
  const Verb& run = *find_verb("shell.run");
  EXPECT_EQ(default_deadline(run, json{{"timeout", 5}}), run.deadline);
  EXPECT_EQ(default_deadline(run, json{{"timeout", 5000}}), 5060);
  EXPECT_EQ(default_deadline(run, json{{"timeout", "x"}}), run.deadline);
  EXPECT_EQ(default_deadline(run, json::array()), run.deadline);
}

TEST(Verbs, a_span_that_no_clock_can_count_is_refused) {
  const Verb& run = *find_verb("shell.run");
  for (const double span : {1e300, -1e300, 2e6, -2e6})
    EXPECT_FALSE(check_arguments(run, json{{"command", "x"}, {"timeout", span}})) << span;
  EXPECT_TRUE(check_arguments(run, json{{"command", "x"}, {"timeout", 86400}}));
}

TEST(Verbs, what_the_other_side_cannot_know_yet_is_not_asked) {
  const Verb& put = *find_verb("shell.put");
  const json text{{"path", "/x"}, {"content", "words"}};
  const json binary{{"path", "/x"}, {"content", "/w=="}, {"base64", true}};
  EXPECT_TRUE(check_version(put, text, 1).has_value());
  EXPECT_TRUE(check_version(put, binary, 3).has_value());
  const auto refused = check_version(put, binary, 2);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), "protocol.version");
  EXPECT_EQ(refused.error().blame(), Blame::bench);
  for (const char* word : {"base64", "shell.put", "version 3", "version 2"})
    EXPECT_NE(refused.error().what().find(word), std::string::npos) << word;
  EXPECT_FALSE(check_version(*find_verb("bench.end"), json::object(), 1).has_value());
}

TEST(Verbs, what_is_newer_than_the_first_version_says_so_and_is_optional) {
  for (const auto& verb : verbs())
    for (const auto& param : verb.params) {
      EXPECT_LE(param.since, kProtocolVersion) << verb.name << " " << param.name;
      EXPECT_FALSE(param.since > verb.since && param.required) << verb.name << " " << param.name;
    }
  EXPECT_NE(verbs_as_markdown().find("content is base64 (since version 3)"), std::string::npos);
}

TEST(Verbs, an_unknown_verb_is_not_found) { EXPECT_EQ(find_verb("power.explode"), nullptr); }

}  // namespace
}  // namespace seatrial::model
