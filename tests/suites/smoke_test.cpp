// SPDX-License-Identifier: Apache-2.0
// The suite smoke against a bench that is a script: what it makes of an image of a user's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/suites/kit/scripted_bench.hpp"

namespace seatrial::kit {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// A device that runs version 1.2.3, flashed with an image that says `flashed`.
Script device_with(const std::string& flashed) {
  Script script;
  script.replies["bench.info"] = [flashed](const json&) -> Result<json> {
    return json{{"device", {{"slug", "own"}, {"aliases", json::array()}}},
                {"profile", {{"paths", {{"boot", "/boot"}}}, {"os_release_fields", {"NAME"}}}},
                {"image", {{"name", "own.img"}, {"version", flashed}, {"digest", "sha256:0"}}},
                {"files", json::object()},
                {"capabilities", {"power", "console", "shell", "boots", "config_json"}},
                {"budget_scale", 1.0},
                {"mutant", ""}};
  };
  script.replies["shell.get"] = [](const json& arguments) -> Result<json> {
    const auto path = arguments.at("path").get<std::string>();
    if (path.ends_with("os-release"))
      return json{{"content", "NAME=\"Own\"\nVERSION_ID='1.2.3'\nSLUG=\"own\"\n"}};
    if (path.ends_with("device-type.json")) return json{{"content", R"({"slug":"own"})"}};
    return json{{"content", "Own OS 1.2.3\n"}};
  };
  return script;
}

Played os_release_on(const std::string& flashed) {
  return play(SEATRIAL_BINARY_DIR "/bin/suites/smoke", "os_release_and_slug", device_with(flashed));
}

TEST(Smoke, compares_the_version_with_the_image_that_was_flashed) {
  const auto same = os_release_on("1.2.3");
  ASSERT_TRUE(same.seen.result()) << same.process.err;
  EXPECT_EQ((*same.seen.result())["verdict"], "pass") << same.seen.result()->dump();
  EXPECT_TRUE(same.seen.of_kind("note").empty());
  const auto other = os_release_on("1.2.4");
  ASSERT_TRUE(other.seen.result()) << other.process.err;
  EXPECT_EQ((*other.seen.result())["verdict"], "fail");
}

TEST(Smoke, says_that_it_cannot_compare_when_the_image_says_no_version) {
  const auto unknown = os_release_on("");
  ASSERT_TRUE(unknown.seen.result()) << unknown.process.err;
  EXPECT_EQ((*unknown.seen.result())["verdict"], "pass") << unknown.seen.result()->dump();
  const auto notes = unknown.seen.of_kind("note");
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_THAT(notes[0].dump(), HasSubstr("does not say which it is"));
}

}  // namespace
}  // namespace seatrial::kit
