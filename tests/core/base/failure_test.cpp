// SPDX-License-Identifier: Apache-2.0
#include "core/base/failure.hpp"

#include <gtest/gtest.h>

#include "core/base/result.hpp"

namespace seatrial {
namespace {

Failure no_card() {
  return Failure("mux.no_card", Blame::bench, "the SD mux answers but no card is in it",
                 "reseat the card");
}

Result<int> doubled(Result<int> input) {
  TRY(const int value, std::move(input));
  return value * 2;
}

TEST(Failure, describes_what_whose_fault_and_what_to_do) {
  const auto text = no_card().with("flashing slot B").describe();
  EXPECT_EQ(text,
            "the SD mux answers but no card is in it (while flashing slot B) [mux.no_card, blame: "
            "bench]; reseat the card");
}

TEST(Failure, every_blame_survives_its_word) {
  for (auto blame : {Blame::product, Blame::bench, Blame::suite, Blame::seatrial, Blame::cancelled,
                     Blame::unknown})
    EXPECT_EQ(blame_from_string(to_string(blame)), blame);
  EXPECT_EQ(blame_from_string("gremlins"), Blame::unknown);
}

TEST(FailureDeathTest, cannot_be_made_without_advice) {
  EXPECT_DEATH(Failure("a.b", Blame::bench, "it broke", ""), "programming mistake");
}

TEST(Result, try_unwraps_values_and_passes_failures_on) {
  EXPECT_EQ(*doubled(21), 42);
  const auto failed = doubled(no_card());
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code(), "mux.no_card");
}

}  // namespace
}  // namespace seatrial
