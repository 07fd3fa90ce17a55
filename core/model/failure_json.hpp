// SPDX-License-Identifier: Apache-2.0
#pragma once
// A Failure as JSON, for the event log and the bench protocol:
// {"code","blame","what","advice","context":[...],"where":"file:line"}

#include <nlohmann/json_fwd.hpp>

#include "core/base/failure.hpp"

namespace seatrial::model {

nlohmann::json to_json(const Failure& failure);
/// Missing fields are replaced by words that say so: a peer's malformed failure is still a failure.
Failure failure_from_json(const nlohmann::json& value);

}  // namespace seatrial::model
