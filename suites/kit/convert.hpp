// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside of the kit: replies of the bench as nouns.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "suites/kit/nouns.hpp"

namespace seatrial::kit {

Boot to_boot(const Value& value);
ApiRequest to_request(const Value& entry);
CommandResult to_command(const std::string& command, const Value& value);
/// The content of a file reply, base64 undone.
std::string to_content(const Value& value);
/// The other way round: "content", and "base64" where it has to be.
void add_content(nlohmann::json& args, std::string_view content);

}  // namespace seatrial::kit
