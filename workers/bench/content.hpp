// SPDX-License-Identifier: Apache-2.0
#pragma once
// File content as a verb's result: {"content", "base64"}; text as it is, anything that is not UTF-8
// as base64.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace seatrial::bench {

bool is_utf8(std::string_view bytes);
std::string base64(std::string_view bytes);
nlohmann::json content_json(std::string bytes);

}  // namespace seatrial::bench
