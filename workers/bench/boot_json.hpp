// SPDX-License-Identifier: Apache-2.0
#pragma once
// A boot as the suites and the event log see it.

#include <nlohmann/json_fwd.hpp>

#include "workers/dut/boots.hpp"

namespace seatrial::bench {

nlohmann::json boot_json(const dut::Boot& boot);

}  // namespace seatrial::bench
