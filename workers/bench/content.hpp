// SPDX-License-Identifier: Apache-2.0
#pragma once
// Bytes in the arguments and results of verbs: text as it is, anything else as base64, see
// core/model/protocol_bytes.hpp.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/result.hpp"
#include "workers/dut/shell.hpp"

namespace seatrial::bench {

/// What a command came to. A client that takes no base64 gets a Failure for output that is no text.
Result<nlohmann::json> command_json(dut::RunResult result, bool takes_base64);
/// A file's: {"content", "base64"}.
nlohmann::json content_json(std::string bytes);
/// The bytes of an argument; `flag` names the argument that says whether it is base64.
Result<std::string> bytes_of(const nlohmann::json& arguments, const char* name, const char* flag);

}  // namespace seatrial::bench
