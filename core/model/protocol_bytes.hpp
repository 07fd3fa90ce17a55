// SPDX-License-Identifier: Apache-2.0
#pragma once
// Bytes within the JSON of the bench protocol, for both of its sides: text as it is, all else as
// base64 (RFC 4648) with a truth beside it that says so. Pure functions.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace seatrial::model {

/// UTF-8 (RFC 3629): what JSON can carry as it is.
bool is_text(std::string_view bytes);
std::string to_base64(std::string_view bytes);
/// Fails with "protocol.argument" on anything that is not base64.
Result<std::string> from_base64(std::string_view text);
/// {name: bytes, flag: false}, or base64 and true.
void put_bytes(nlohmann::json& object, const char* name, const char* flag, std::string bytes);
/// What bytes look like to a person: U+FFFD for what is no text, in all strings within. For what a
/// console or a network said, where nobody needs the exact bytes.
nlohmann::json readable(nlohmann::json value);

}  // namespace seatrial::model
