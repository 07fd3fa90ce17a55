// SPDX-License-Identifier: Apache-2.0
#pragma once
// Edits of config.json: dotted keys nest, as configuration tools do it
// ("os.network.connectivity.uri"); compact output.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::dut {

Result<nlohmann::json> parse_config(std::string_view text, const std::string& where);
/// Sets the dotted keys of `set`, then removes those of `remove`. A value in the way of a nested
/// key is replaced.
void edit_config(nlohmann::json& config, const nlohmann::json& set,
                 const std::vector<std::string>& remove);
/// A copy without secrets, for reports: the values of keys that hold any become "<redacted>".
nlohmann::json masked(nlohmann::json config);
/// Registers the secrets of a config.json with the redactor.
void register_config_secrets(const nlohmann::json& config);

}  // namespace seatrial::dut
