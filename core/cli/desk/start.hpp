// SPDX-License-Identifier: Apache-2.0
#pragma once
// Starts a desk bench: resolves the image, makes the run folder and the plan, starts the bench host
// in the background and returns when it can be reached, with the DUT on or still off. Interrupted
// before that, it leaves nothing running. Blocking.

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/cli/desk/place.hpp"
#include "core/cli/verb.hpp"

namespace seatrial::cli {

/// --image, --device, --profile, --out of a verb that may start a desk bench.
const std::vector<Option>& start_options();

/// Fails with "desk.busy" when another one has the desk.
Result<model::DeskRecord> start_desk(const DeskPlace& place, const Invocation& call, bool power_on);

}  // namespace seatrial::cli
