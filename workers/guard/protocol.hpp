// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the guard and its client agree on beside the words of the protocol
// (workers/guard/guard.hpp): how large things may be. Included by seatrial-guard, which links no
// library of ours.

#include <cstddef>

namespace seatrial::guard {

constexpr std::size_t kLongestLine = 32 * 1024;   ///< a longer one is ignored as a whole
constexpr std::size_t kMostEntries = 10'000;      ///< groups, files and folders together
constexpr std::size_t kMostCommands = 100;        ///< of a safe state
constexpr double kLongestCommandSeconds = 600.0;  ///< more is cut down to it

}  // namespace seatrial::guard
