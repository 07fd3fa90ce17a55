// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/content.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/redact.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

TEST(Content, text_stays_text_and_bytes_become_base64) {
  EXPECT_EQ(content_json("grün\n").at("base64"), false);
  EXPECT_EQ(content_json(std::string("\x00\x01", 2)).at("content"), "AAE=");
  EXPECT_EQ(content_json("\xff").at("base64"), true);
}

TEST(Content, arguments_are_bytes_again) {
  const json arguments{{"content", "AP8="}, {"base64", true}, {"stdin", "AP8="}};
  EXPECT_EQ(bytes_of(arguments, "content", "base64").value(), std::string("\0\xff", 2));
  EXPECT_EQ(bytes_of(arguments, "stdin", "stdin_base64").value(), "AP8=");
  EXPECT_EQ(bytes_of(arguments, "none", "base64").value(), "");
  const auto wrong = bytes_of(json{{"content", "*"}, {"base64", true}}, "content", "base64");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code(), "protocol.argument");
}

TEST(Content, a_command_says_what_is_no_text_and_what_was_cut_off) {
  dut::RunResult result;
  result.out = "\xff";
  result.err = "words";
  result.out_dropped = 7;
  const auto value = command_json(result, true).value();
  EXPECT_EQ(value["out"], "/w==");
  EXPECT_EQ(value["out_base64"], true);
  EXPECT_EQ(value["err"], "words");
  EXPECT_EQ(value["err_base64"], false);
  EXPECT_EQ(value["out_dropped"], 7);
  EXPECT_EQ(value["err_dropped"], 0);
}

TEST(Content, a_client_that_takes_no_base64_hears_of_output_that_is_no_text) {
  dut::RunResult result;
  result.out = std::string("a\0b", 3);
  EXPECT_EQ(command_json(result, false).value()["out"], result.out) << "JSON can carry a NUL";
  result.err = "\xff";
  const auto refused = command_json(result, false);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), "protocol.not_text");
  EXPECT_EQ(refused.error().blame(), Blame::suite);
}

TEST(Content, keys_of_a_config_that_is_read_are_redacted_from_then_on) {
  EXPECT_EQ(content_json(R"({"deviceApiKey":"d3v1c3-k3y-0001","uuid":"u-0001"})").at("base64"),
            false);
  EXPECT_EQ(redact("d3v1c3-k3y-0001 u-0001"), "<redacted> u-0001");
}

}  // namespace
}  // namespace seatrial::bench
