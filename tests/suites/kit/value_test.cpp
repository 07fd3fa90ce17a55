// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "suites/kit/convert.hpp"
#include "suites/kit/nouns.hpp"

namespace seatrial::kit {
namespace {
using testing::ElementsAre;

TEST(Value, what_is_absent_does_not_exist_and_harms_nobody) {
  const auto value = Value::parse(R"({"a": {"b": [1, "two", true]}, "none": null})");
  EXPECT_EQ(value["a"]["b"][0].whole(), 1);
  EXPECT_EQ(value["a"]["b"][1].text(), "two");
  EXPECT_TRUE(value["a"]["b"][2].truth());
  EXPECT_EQ(value["a"]["b"].size(), 3u);
  EXPECT_FALSE(value.has("none"));
  EXPECT_FALSE(value["x"]["y"][7].exists());
  EXPECT_EQ(value["x"].text("fallback"), "fallback");
  EXPECT_EQ(value["a"].text(), "") << "an object is no text";
  EXPECT_THAT(value.keys(), ElementsAre("a", "none"));
  EXPECT_FALSE(Value::parse("{torn").exists());
  EXPECT_EQ(Value::parse("{torn").dump(), "(absent)");
}

TEST(Value, outlives_the_document_it_came_from) {
  Value inner;
  {
    const auto whole = Value::parse(R"({"deep": {"er": "kept"}})");
    inner = whole["deep"]["er"];
  }
  EXPECT_EQ(inner.text(), "kept");
}

TEST(Nouns, a_slot_knows_the_other_one) {
  EXPECT_EQ(Slot("A").other(), Slot("B"));
  EXPECT_EQ(Slot("B").other(), Slot("A"));
  EXPECT_EQ(Slot("B").role(), "slot_b");
}

TEST(Nouns, loader_variables_lose_the_space_that_the_os_appends) {
  UpdateState state;
  state.variables = Value::parse(R"({"bootcount": "0 "})");
  EXPECT_EQ(state.variable("bootcount"), "0");
  EXPECT_EQ(state.variable("absent"), "");
}

TEST(Nouns, os_release_fields_lose_their_quotes) {
  const std::string text = "ID=\"refos\"\nVERSION_ID=1.0.0\nVERSION=\"1.0.0 (x)\"\n";
  EXPECT_EQ(os_release_field(text, "ID"), "refos");
  EXPECT_EQ(os_release_field(text, "VERSION_ID"), "1.0.0");
  EXPECT_EQ(os_release_field(text, "VERSION"), "1.0.0 (x)");
  EXPECT_EQ(os_release_field(text, "SLUG"), "");
}

TEST(Replies, base64_content_comes_back_as_bytes) {
  EXPECT_EQ(to_content(Value::parse(R"({"content": "AAECw/8=", "base64": true})")),
            std::string("\x00\x01\x02\xc3\xff", 5));
  EXPECT_EQ(to_content(Value::parse(R"({"content": "plain", "base64": false})")), "plain");
}

}  // namespace
}  // namespace seatrial::kit
