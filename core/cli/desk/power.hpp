// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the power verbs do at a desk. The state they report is read back from the instrument, or is
// the fact that nothing runs any more. Blocking.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/result.hpp"
#include "core/cli/desk/place.hpp"

namespace seatrial::cli {

/// The state that a power verb ("power.on", "power.cycle" ...) has read back.
Result<std::string> switch_power(const model::DeskRecord& record, const std::string& verb);

/// Ends the desk bench and waits until nothing of it is left. A bench host that does not answer is
/// ended by signals; its guard does the rest then.
Result<> end_desk(const DeskPlace& place, const model::DeskRecord& record);

/// Everything about a desk for `power status --json`: desk, state (on, off, none), and of a bench
/// that is there: run, folder, device, image, version, pid, since, held, viewers, boot.
Result<nlohmann::json> desk_status(const DeskPlace& place);
/// The same in words.
std::string status_lines(const DeskPlace& place, const nlohmann::json& status);

}  // namespace seatrial::cli
