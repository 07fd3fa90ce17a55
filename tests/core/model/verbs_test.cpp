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

TEST(Verbs, an_unknown_verb_is_not_found) { EXPECT_EQ(find_verb("power.explode"), nullptr); }

}  // namespace
}  // namespace seatrial::model
