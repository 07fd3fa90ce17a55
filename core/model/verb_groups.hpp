// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside of the verb table: one file per group of verbs, put together by verbs.cpp. Who adds a verb
// gives it one of the default deadlines below. They are guards, not product budgets: several times
// what a verb takes on a slow, loaded machine, so that only what will never end meets them.

#include <array>
#include <span>

#include "core/model/verbs.hpp"

namespace seatrial::model {

template <std::size_t N>
using Params = std::array<Param, N>;
inline constexpr Params<0> kNone{};

inline constexpr double kSoon = 120;     ///< seconds; what the bench or its children know
inline constexpr double kAct = 300;      ///< an instrument acts, or the medium is read or written
inline constexpr double kCommand = 600;  ///< a command on the DUT, a file to or from it
inline constexpr double kBoot = 1800;    ///< the DUT boots, shuts down or provisions
inline constexpr double kWholeImage = 3600;  ///< every byte of an image, bundle or partition
inline constexpr double kUnlimited = 0;      ///< streams: as long as somebody wants them

std::span<const Verb> verbs_of_bench();
std::span<const Verb> verbs_of_console();
std::span<const Verb> verbs_of_os();
std::span<const Verb> verbs_of_surroundings();

}  // namespace seatrial::model
