// SPDX-License-Identifier: Apache-2.0
#include "workers/dut/os/config_edit.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/redact.hpp"

namespace seatrial::dut {
namespace {
using nlohmann::json;

TEST(ConfigEdit, dotted_keys_nest_and_are_removed) {
  json config{{"a", 1}, {"os", {{"sshKeys", json::array({"k"})}}}};
  edit_config(config, json{{"os.network.connectivity.uri", "u"}, {"a", true}},
              {"os.sshKeys", "not.there"});
  EXPECT_EQ(config, (json{{"a", true}, {"os", {{"network", {{"connectivity", {{"uri", "u"}}}}}}}}));
}

TEST(ConfigEdit, a_value_in_the_way_of_a_nested_key_is_replaced) {
  json config{{"os", "text"}};
  edit_config(config, json{{"os.x", 1}}, {});
  EXPECT_EQ(config, (json{{"os", {{"x", 1}}}}));
}

TEST(ConfigEdit, secrets_do_not_reach_reports) {
  const auto shown = masked(json{{"apiKey", "s3cr3t-s3cr3t"}, {"uuid", "u"}}).dump();
  EXPECT_EQ(shown.find("s3cr3t"), std::string::npos);
  EXPECT_NE(shown.find("\"u\""), std::string::npos);
}

TEST(ConfigEdit, keys_of_a_config_that_passed_through_are_redacted_from_then_on) {
  ASSERT_TRUE(parse_config(R"({"apiKey":"pr0v-k3y-0002"})", "x").has_value());
  EXPECT_EQ(redact("pr0v-k3y-0002 u-0001"), "<redacted> u-0001");
}

TEST(ConfigEdit, what_is_no_object_is_the_products_fault) {
  EXPECT_FALSE(parse_config("{broken", "x").has_value());
  EXPECT_EQ(parse_config("[]", "x").error().blame(), Blame::product);
}

}  // namespace
}  // namespace seatrial::dut
