// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/content.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/redact.hpp"

namespace seatrial::bench {
namespace {

TEST(Content, text_stays_text_and_bytes_become_base64) {
  EXPECT_EQ(content_json("grün\n").at("base64"), false);
  EXPECT_EQ(content_json(std::string("\x00\x01", 2)).at("content"), "AAE=");
  EXPECT_EQ(content_json("\xff").at("base64"), true);
}

TEST(Content, keys_of_a_config_that_is_read_are_redacted_from_then_on) {
  EXPECT_EQ(content_json(R"({"deviceApiKey":"d3v1c3-k3y-0001","uuid":"u-0001"})").at("base64"),
            false);
  EXPECT_EQ(redact("d3v1c3-k3y-0001 u-0001"), "<redacted> u-0001");
}

}  // namespace
}  // namespace seatrial::bench
