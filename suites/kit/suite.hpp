// SPDX-License-Identifier: Apache-2.0
#pragma once
// For suite sources, and only for them: the vocabulary of a case, without prefixes.
//
//   SUITE(update, needs(Cap::ab_slots), budget(10min))
//
//   CASE(update, broken_init_rolls_back, from(Checkpoint::provisioned), mutants("no_fallback"),
//        doc("A new OS whose init is broken is left after the loader's attempts.")) {
//     const Boot before = bench.current_boot();
//     ...
//   }
//
// A body is plain blocking code over one name, `bench`. ASSERT_* ends the case even from a helper
// function; EXPECT_* goes on; both become assertions in the report. Helpers take a Bench&.

#include <gmock/gmock-matchers.h>
#include <gmock/gmock-more-matchers.h>
#include <gtest/gtest.h>

#include <chrono>

#include "suites/kit/bench.hpp"
#include "suites/kit/registry.hpp"

#define SUITE(area, ...)                                     \
  [[maybe_unused]] static const bool seatrial_suite_##area = \
      ::seatrial::kit::add_suite(#area, {__VA_ARGS__});

#define CASE(area, name, ...)                                                                    \
  static void seatrial_case_##area##_##name(::seatrial::kit::Bench& bench);                      \
  [[maybe_unused]] static const bool seatrial_added_##area##_##name = ::seatrial::kit::add_case( \
      #area, #name, __FILE__, __LINE__, &seatrial_case_##area##_##name, {__VA_ARGS__});          \
  static void seatrial_case_##area##_##name([[maybe_unused]] ::seatrial::kit::Bench& bench)

using namespace seatrial::kit;         // NOLINT: this header is the language of suite sources
using namespace std::chrono_literals;  // NOLINT: 6min
using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Le;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;
