// SPDX-License-Identifier: Apache-2.0
#pragma once
// How a verb call reads in the step trail: one short line for a person, bounded, secrets redacted
// by the event writer.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/model/verbs.hpp"

namespace seatrial::bench {

/// What the arguments say that must not be read by anybody (Wi-Fi passwords, keys) is a secret from
/// now on. Before they are made into text.
void register_secrets(const nlohmann::json& arguments);
/// "run: systemctl is-active sshd", "expect: login:", "power on"
std::string step_text(const model::Verb& verb, const nlohmann::json& arguments);
/// "exit 0, 12 lines", "slot B, 12.3 s"; "" when there is nothing worth saying
std::string step_result(const model::Verb& verb, const nlohmann::json& value);

}  // namespace seatrial::bench
