// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/event_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/redact.hpp"
#include "core/model/event.hpp"
#include "workers/bench/steps.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

TEST(EventWriter, numbers_events_and_marks_their_case) {
  const auto dir = io::TempDir::make("events").value();
  HandClock clock;
  auto events = EventWriter::open(dir.path() / "events.jsonl", "run1", clock).value();
  events.write("run_started", json::object());
  events.begin_case("smoke.x", 2);
  clock.advance(std::chrono::seconds(3));
  events.write("case_started", json::object());
  events.end_case();
  events.write("run_finished", json::object());
  const auto log = model::read_event_log(dir.path() / "events.jsonl").value().events;
  ASSERT_EQ(log.size(), 3u);
  EXPECT_EQ(log[1].seq, 2u);
  EXPECT_EQ(log[1].case_name, "smoke.x");
  EXPECT_EQ(log[1].attempt, 2);
  EXPECT_EQ(log[1].mono, 3.0);
  EXPECT_TRUE(log[2].case_name.empty());
}

TEST(EventWriter, a_registered_secret_never_reaches_the_file) {
  register_secret("very-secret-key");
  const auto dir = io::TempDir::make("events").value();
  auto events = EventWriter::open(dir.path() / "e", "r").value();
  events.write("note", json{{"text", "the key is very-secret-key"}});
  EXPECT_EQ(io::read_file(dir.path() / "e").value().find("very-secret-key"), std::string::npos);
}

TEST(EventWriter, a_full_disk_is_remembered_and_stops_nothing) {
  auto events = EventWriter::open("/dev/full", "r").value();
  events.write("note", json{{"text", "x"}});
  events.write("note", json{{"text", "y"}});
  ASSERT_TRUE(events.broken().has_value());
  EXPECT_EQ(events.broken()->code(), "file.disk_full");
}

TEST(EventWriter, tells_of_the_first_failure_once) {
  auto events = EventWriter::open("/dev/full", "r").value();
  std::vector<std::string> told;
  events.on_broken([&](const Failure& failure) { told.push_back(failure.code()); });
  for (int i = 0; i < 3; ++i) events.write("note", json::object());
  EXPECT_EQ(told, std::vector<std::string>{"file.disk_full"});
}

TEST(Steps, a_step_that_is_left_without_a_word_was_cut_short) {
  const auto dir = io::TempDir::make("events").value();
  auto events = EventWriter::open(dir.path() / "e", "r").value();
  Steps steps(events);
  {
    Steps::Step outer(steps, "outer", "outer", 5);
    Steps::Step inner(steps, "inner", "inner", 0);
    inner.succeed("fine");
  }
  const auto log = model::read_event_log(dir.path() / "e").value().events;
  ASSERT_EQ(log.size(), 4u);
  EXPECT_EQ(log[1].number("parent"), log[0].number("step"));
  EXPECT_TRUE(log[2].truth("ok"));
  EXPECT_FALSE(log[3].truth("ok", true));
  EXPECT_EQ(log[3].failure()->blame(), Blame::cancelled);
}

}  // namespace
}  // namespace seatrial::bench
