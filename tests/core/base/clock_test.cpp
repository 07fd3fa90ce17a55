// SPDX-License-Identifier: Apache-2.0
#include "core/base/clock.hpp"

#include <gtest/gtest.h>

#include "core/base/ids.hpp"

namespace seatrial {
namespace {
using namespace std::chrono_literals;

TEST(Clock, spans_read_like_words) {
  EXPECT_EQ(human_duration(350ms), "350 ms");
  EXPECT_EQ(human_duration(12300ms), "12.3 s");
  EXPECT_EQ(human_duration(245s), "4 min 05 s");
  EXPECT_EQ(human_duration(2h + 3min), "2 h 03 min");
}

TEST(Clock, wall_time_is_iso_8601_in_utc) {
  EXPECT_EQ(iso8601(1'700'000'000s + 5ms), "2023-11-14T22:13:20.005Z");
}

TEST(Ids, run_ids_sort_by_time_and_differ) {
  HandClock clock;
  const auto first = make_run_id(clock);
  const auto twin = make_run_id(clock);
  clock.advance(2s);
  EXPECT_NE(first, twin);
  EXPECT_LT(first.substr(0, 15), make_run_id(clock).substr(0, 15));
  EXPECT_EQ(random_hex(7).size(), 7u);
}

TEST(Clock, iso_times_are_read_back) {
  const Duration wall = std::chrono::milliseconds(1'772'366'400'123);
  EXPECT_EQ(from_iso8601(iso8601(wall)), wall);
  EXPECT_EQ(from_iso8601("1970-01-01T00:00:01Z"), std::chrono::seconds(1));
  EXPECT_EQ(from_iso8601("2024-02-29T00:00:00.5Z").has_value(), true);
  for (const char* wrong : {"", "Z", "yesterday", "2026-02-30T00:00:00Z", "2026-03-01T12:00:00",
                            "2026-03-01T12:00:00.Z", "2026-03-01T12:00:00.1x2Z"})
    EXPECT_FALSE(from_iso8601(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace seatrial
