// SPDX-License-Identifier: Apache-2.0
// What bench calls ask and what their replies become.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/verbs.hpp"
#include "suites/kit/bench.hpp"
#include "tests/suites/kit/scripted_bench.hpp"

namespace seatrial::kit {
namespace {
using nlohmann::json;
using testing::HasSubstr;

TEST(BenchCalls, fit_the_table_of_verbs_and_scale_their_budgets) {
  Script script;
  script.replies["boot.current"] = [](const json&) -> Result<json> {
    return json{{"boot", {{"number", 4}, {"slot", "A"}, {"boot_id", "x"}}}};
  };
  script.replies["boot.next"] = [](const json&) -> Result<json> {
    return json{{"boot", {{"number", 5}, {"slot", "B"}, {"boot_id", "y"}}}};
  };
  const auto played = play(fixture_suite(), "waits_for_a_boot", script);
  EXPECT_EQ(played.seen.result().value()["verdict"], "pass");
  for (const auto& [verb, args] : played.seen.requests) {
    const auto* known = model::find_verb(verb);
    ASSERT_NE(known, nullptr) << verb;
    EXPECT_TRUE(model::check_arguments(*known, args).has_value()) << verb << " " << args;
  }
  const auto& [verb, args] = played.seen.requests.back();
  EXPECT_EQ(verb, "boot.next");
  EXPECT_EQ(args["after"], 4);
  EXPECT_EQ(args["timeout"], 120.0) << "a minute, on a bench that is half as fast";
  EXPECT_EQ(played.seen.deadlines.back(), 150.0) << "our guard lies behind the product's budget";
}

TEST(BenchCalls, waiting_for_a_condition_is_left_to_the_device) {
  Script script;
  std::string command;
  script.replies["shell.run"] = [&](const json& args) -> Result<json> {
    command = args["command"];
    return json{{"exit", 124}, {"out", ""}, {"err", ""}, {"seconds", 4.0}};
  };
  const auto played = play(fixture_suite(), "waits_until", script);
  EXPECT_EQ(
      command,
      "timeout 4 sh -c 'until { test '\\''a'\\'' = b; } >/dev/null 2>&1; do sleep 0.25; done'");
  const auto result = played.seen.result().value();
  EXPECT_EQ(result["verdict"], "fail") << "a product that is too slow has failed";
  EXPECT_EQ(result["failure"]["code"], "product.too_slow");
  EXPECT_THAT(result["failure"]["what"].get<std::string>(), HasSubstr("it's quiet"));
}

TEST(BenchCalls, an_update_that_outlasts_its_budget_is_the_products_and_a_guard_of_ours_is_not) {
  for (const auto& [code, verdict] :
       {std::pair("deadline", "fail"), std::pair("deadline.request", "timeout")}) {
    Script script;
    script.replies["os.install"] = [code = code](const json&) -> Result<json> {
      return Failure(code, Blame::unknown, "waited 2 min in vain", "look");
    };
    const auto result = play(fixture_suite(), "installs", script).seen.result().value();
    EXPECT_EQ(result["verdict"], verdict) << code;
  }
}

TEST(BenchCalls, a_reply_right_behind_another_frame_is_not_missed) {
  Script script;
  script.two_in_one = true;
  script.replies["shell.run"] = [](const json&) -> Result<json> {
    return json{{"exit", 0}, {"out", "Linux\n"}, {"err", ""}, {"seconds", 0.1}};
  };
  EXPECT_EQ(play(fixture_suite(), "calls", script).seen.result().value()["verdict"], "pass");
}

TEST(BenchCalls, bytes_go_as_base64_and_come_back_as_bytes) {
  Script script;
  script.replies["shell.run"] = [](const json& args) -> Result<json> {
    EXPECT_EQ(args["base64"], true);
    return json{{"exit", 0}, {"out", "Yf8="}, {"out_base64", true}, {"err", ""}};
  };
  const auto played = play(fixture_suite(), "moves_bytes", script);
  EXPECT_EQ(played.seen.result().value()["verdict"], "pass") << played.seen.result().value();
  ASSERT_EQ(played.seen.requests.size(), 5u);
  for (const auto& [verb, args] : played.seen.requests)
    EXPECT_TRUE(model::check_arguments(*model::find_verb(verb), args)) << verb << " " << args;
  EXPECT_EQ(played.seen.requests[1].second["content"], "words");
  EXPECT_FALSE(played.seen.requests[1].second.contains("base64"));
  for (const std::size_t at : {2, 3}) {
    EXPECT_EQ(played.seen.requests[at].second["content"], "Yf8=");
    EXPECT_EQ(played.seen.requests[at].second["base64"], true);
  }
}

TEST(BenchCalls, alarms_and_forwarded_ports_are_values) {
  Script script;
  script.replies["console.sentinels"] = [](const json&) -> Result<json> {
    return json::parse(R"({"hits": [
      {"id": "fs.ext4", "severity": "fatal", "line": "EXT4-fs error", "offset": 9, "allowed": true},
      {"id": "oom", "severity": "suspicious", "line": "x", "offset": 20, "allowed": false}]})");
  };
  script.replies["shell.forward"] = [](const json& args) -> Result<json> {
    EXPECT_EQ(args["port"], 48484);
    return json{{"host", "127.0.0.1"}, {"port", 40001}};
  };
  const auto played = play(fixture_suite(), "looks_at_alarms_and_ports", script);
  EXPECT_EQ(played.seen.result().value()["verdict"], "pass") << played.seen.result().value();
  for (const auto& [verb, args] : played.seen.requests)
    EXPECT_TRUE(model::check_arguments(*model::find_verb(verb), args)) << verb << " " << args;
}

TEST(BenchCalls, an_older_bench_host_gets_only_what_it_knows) {
  Script script;
  script.version = 2;
  const auto played = play(fixture_suite(), "moves_bytes", script);
  ASSERT_EQ(played.seen.requests.size(), 2u) << "its info, and the file of words";
  const auto result = played.seen.result().value();
  EXPECT_EQ(result["verdict"], "error");
  EXPECT_EQ(result["failure"]["code"], "protocol.version");
  EXPECT_EQ(result["failure"]["blame"], "bench");
  EXPECT_THAT(result["failure"]["what"].get<std::string>(), HasSubstr("base64 of shell.put"));
  script.replies["shell.run"] = [](const json& args) -> Result<json> {
    EXPECT_FALSE(args.contains("base64"));
    return json{{"exit", 0}, {"out", "Linux\n"}, {"err", ""}, {"seconds", 0.1}};
  };
  EXPECT_EQ(play(fixture_suite(), "calls", script).seen.result().value()["verdict"], "pass");
}

TEST(BenchCalls, nothing_is_concluded_from_half_an_output) {
  Script script;
  script.replies["shell.run"] = [](const json&) -> Result<json> {
    return json{{"exit", 0}, {"out", "begin"}, {"err", ""}, {"out_dropped", 7}};
  };
  const auto result = play(fixture_suite(), "reads_a_long_output", script).seen.result().value();
  EXPECT_EQ(result["verdict"], "error");
  EXPECT_EQ(result["failure"]["code"], "suite.output_cut");
  EXPECT_EQ(result["failure"]["blame"], "suite");
  EXPECT_THAT(result["failure"]["what"].get<std::string>(), HasSubstr("7 bytes more"));
}

TEST(Faults, read_as_sentences_and_become_rules) {
  const auto rule = Fault::answer(503).to("PATCH", "/device/v3/*").body("busy").times(3).after(1);
  EXPECT_EQ(json::parse(rule.rule().dump()),
            (json{{"match", {{"method", "PATCH"}, {"path", "/device/v3/*"}}},
                  {"action", {{"status", 503}, {"body", "busy"}}},
                  {"count", 3},
                  {"skip", 1}}));
  EXPECT_EQ(json::parse(Fault::outage(Seconds(2.5)).rule().dump()),
            (json{{"action", {{"outage", "reset"}, {"for_ms", 2500}}}}));
}

}  // namespace
}  // namespace seatrial::kit
