// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/handlers.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/model/verbs.hpp"

namespace seatrial::bench {
namespace {

TEST(Handlers, every_verb_of_the_table_has_one_and_none_is_left_over) {
  std::size_t found = 0;
  for (const auto& verb : model::verbs()) {
    if (verb.name == "bench.info") continue;  // answered by the bench itself
    if (verb.name == "bench.end") continue;   // answered by the desk
    if (verb.streams) {
      EXPECT_TRUE(stream_handlers().count(verb.name)) << verb.name << " has no handler";
      continue;
    }
    EXPECT_TRUE(handlers().count(verb.name)) << verb.name << " has no handler";
    found += handlers().count(verb.name);
  }
  EXPECT_EQ(found, handlers().size()) << "a handler is not in the verb table";
}

}  // namespace
}  // namespace seatrial::bench
