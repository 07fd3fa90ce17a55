// SPDX-License-Identifier: Apache-2.0
#pragma once
// Arriving at a desk for verbs that start one when none is there: console and shell.

#include "core/base/result.hpp"
#include "core/cli/desk/place.hpp"
#include "core/cli/verb.hpp"

namespace seatrial::cli {

struct Arrival {
  model::DeskRecord record;
  bool fresh = false;  ///< started just now: the DUT is still off
};

/// The desk bench that is there; else one is started, which is said on stderr. When the one before
/// was killed, that is the failure: its device and what was on it are gone, and nobody shall take
/// another one for it.
Result<Arrival> arrive(const DeskPlace& place, const Invocation& call);

/// A desk bench that is there, or a failure that says why there is none.
Result<model::DeskRecord> the_desk_bench(const DeskPlace& place);

}  // namespace seatrial::cli
