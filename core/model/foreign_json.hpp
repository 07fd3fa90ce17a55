// SPDX-License-Identifier: Apache-2.0
#pragma once
// JSON from somebody else: a suite, a device, a file of a killed process. Whoever walks a JSON
// value (dump() too) goes one frame of the stack deeper for each level, so a few hundred kilobytes
// of '[' would end the process. Such text is no JSON for us.

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace seatrial::model {

inline constexpr int kDeepestJson = 200;

/// Whether brackets outside of strings go deeper than that.
bool nested_too_deep(std::string_view text);
/// The value; a discarded one (is_discarded()) when it is no JSON or nested too deep. No
/// exceptions.
nlohmann::json parse_foreign(std::string_view text);

}  // namespace seatrial::model
