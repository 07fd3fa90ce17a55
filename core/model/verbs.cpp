// SPDX-License-Identifier: Apache-2.0
// The table, put together from its groups; what is done with it is in verb_checks.cpp.
#include "core/model/verbs.hpp"

#include "core/model/verb_groups.hpp"

namespace seatrial::model {

std::span<const Verb> verbs() {
  static const std::vector<Verb> all = [] {
    std::vector<Verb> verbs;
    for (const auto& group :
         {verbs_of_bench(), verbs_of_console(), verbs_of_os(), verbs_of_surroundings()})
      verbs.insert(verbs.end(), group.begin(), group.end());
    return verbs;
  }();
  return all;
}

}  // namespace seatrial::model
