// SPDX-License-Identifier: Apache-2.0
#include "core/model/json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/model/foreign_json.hpp"

namespace seatrial::model {
namespace {

const char* kText = R"({
  // a comment
  "slug": "x",
  "list": [
    {"label": "a"},
    {"label": 7}
  ],
  "nested": { "deep": { "key": true } }
})";

TEST(Document, finds_the_line_of_a_key_path) {
  const auto document = Document::parse(kText, "f.json").value();
  EXPECT_EQ(document.line_of("slug"), 3);
  EXPECT_EQ(document.line_of("list[1].label"), 6);
  EXPECT_EQ(document.line_of("nested.deep.key"), 8);
  EXPECT_EQ(document.line_of("nested.deep.absent"), 8);
}

TEST(Document, what_no_parser_should_take_is_refused_in_words) {
  const auto huge = Document::parse("{\"a\": 1e999}", "f.json");
  ASSERT_FALSE(huge.has_value());
  EXPECT_EQ(huge.error().code(), "input.not_json");
  const auto deep = Document::parse(std::string(100'000, '['), "f.json");
  ASSERT_FALSE(deep.has_value());
  EXPECT_NE(deep.error().what().find("nested"), std::string::npos) << deep.error().what();
}

TEST(ForeignJson, counts_levels_outside_of_strings_alone) {
  const std::string open(kDeepestJson, '['), close(kDeepestJson, ']');
  EXPECT_FALSE(nested_too_deep(open + close));
  EXPECT_TRUE(nested_too_deep("[" + open + close + "]"));
  EXPECT_FALSE(nested_too_deep("[\"\\\"" + open + "[\", []]"));
  EXPECT_TRUE(parse_foreign("[" + open + close + "]").is_discarded());
  EXPECT_EQ(parse_foreign("[1]").size(), 1u);
}

TEST(Document, a_syntax_error_is_named_with_its_line) {
  const auto document = Document::parse("{\n\"a\": 1,\n\"b\" 2\n}", "f.json");
  ASSERT_FALSE(document.has_value());
  EXPECT_NE(document.error().what().find("f.json:3:"), std::string::npos)
      << document.error().what();
}

TEST(Fields, a_wrong_type_is_named_with_file_line_and_key_path) {
  const auto document = Document::parse(kText, "f.json").value();
  Fields fields(document);
  std::string slug;
  fields.required("slug", slug).ignore("nested");
  for (auto& entry : fields.objects("list")) {
    std::string label;
    entry.required("label", label);
  }
  const auto result = fields.finish();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().what(), "f.json:6: list[1].label: must be text");
}

TEST(Fields, an_unknown_key_is_refused_with_the_nearest_valid_one) {
  const auto document = Document::parse("{\n \"slgu\": \"x\"}", "f.json").value();
  Fields fields(document);
  std::string slug;
  fields.optional("slug", slug);
  const auto result = fields.finish();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().what(), "f.json:2: slgu: is not a known field; did you mean slug?");
}

TEST(Fields, an_unknown_key_is_answered_with_all_that_are_known) {
  const auto document = Document::parse(R"({"other": 1})", "f.json").value();
  Fields fields(document);
  std::string text;
  fields.optional("slug", text).optional("name", text);
  EXPECT_EQ(fields.finish().error().advice(), "fields known here: slug, name; see docs/schema");
}

TEST(Fields, of_a_file_that_programs_write_may_be_more_than_the_reader_knows) {
  const auto document =
      Document::parse(R"({"schema": 2, "a": {"more": 1}, "b": [{"more": 1}], "more": 1})", "f")
          .value();
  Fields fields(document);
  fields.written_by_programs(2);
  auto a = fields.object("a");
  EXPECT_TRUE(a && a->finish());
  for (auto& b : fields.objects("b")) EXPECT_TRUE(b.finish());
  EXPECT_TRUE(fields.finish());
}

TEST(Fields, of_a_newer_schema_are_refused_whatever_else_is_wrong_with_them) {
  const auto document = Document::parse("{\n\"schema\": 3, \"a\": 5}", "f.json").value();
  Fields fields(document);
  std::string a, missing;
  fields.written_by_programs(2).required("a", a).required("missing", missing);
  const auto refused = fields.finish();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "input.newer_schema");
  EXPECT_EQ(refused.error().what(), "f.json:2: schema 3 is newer than this program reads (2)");
}

TEST(Fields, a_missing_key_is_named) {
  const auto document = Document::parse("{}", "f.json").value();
  Fields fields(document);
  std::string slug;
  fields.required("slug", slug);
  EXPECT_EQ(fields.finish().error().what(), "f.json:1: slug: is missing");
}

}  // namespace
}  // namespace seatrial::model
