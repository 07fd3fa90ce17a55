// SPDX-License-Identifier: Apache-2.0
#include "core/model/event.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/model/failure_json.hpp"

namespace seatrial::model {
namespace {

Event sample() {
  Event event{.seq = 7,
              .mono = 1.25,
              .wall = "2026-03-01T12:00:00.123Z",
              .run = "r1",
              .attempt = 2,
              .case_name = "smoke.x",
              .kind = "step_finished",
              .data = nullptr};
  event.data = std::make_shared<const nlohmann::json>(
      nlohmann::json{{"ok", false},
                     {"seconds", 2.5},
                     {"failure", to_json(Failure("a.b", Blame::bench, "it broke", "mend it"))}});
  return event;
}

TEST(Event, survives_its_line) {
  const auto line = to_line(sample());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto event = event_from_line(line);
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->seq, 7u);
  EXPECT_EQ(event->case_name, "smoke.x");
  EXPECT_EQ(event->number("seconds"), 2.5);
  ASSERT_TRUE(event->failure().has_value());
  EXPECT_EQ(event->failure()->advice(), "mend it");
}

TEST(Event, bytes_that_are_not_text_do_not_break_the_log) {
  auto event = sample();
  event.data =
      std::make_shared<const nlohmann::json>(nlohmann::json{{"text", "\xff\xfe console \x80"}});
  EXPECT_TRUE(event_from_line(to_line(event)).has_value());
}

TEST(Event, a_torn_last_line_is_told_apart_from_a_foreign_one) {
  const std::string path = testing::TempDir() + "/events_torn.jsonl";
  std::ofstream(path) << to_line(sample()) << "rubbish\n"
                      << to_line(sample()) << to_line(sample()).substr(0, 30);
  const auto content = read_event_log(path);
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(content->events.size(), 2u);
  EXPECT_TRUE(content->torn);
  EXPECT_EQ(content->bad, std::vector<std::size_t>{2});
}

TEST(Event, a_newer_line_with_unknown_fields_is_still_read) {
  EXPECT_TRUE(
      event_from_line(R"({"v":9,"seq":1,"kind":"hologram","data":{},"extra":1})").has_value());
  EXPECT_FALSE(event_from_line(R"({"seq":1,"kind":"x"})").has_value());
  EXPECT_FALSE(event_from_line("").has_value());
}

}  // namespace
}  // namespace seatrial::model
