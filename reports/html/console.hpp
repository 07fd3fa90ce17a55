// SPDX-License-Identifier: Apache-2.0
#pragma once
// A console excerpt as HTML: times, colours of the device's own output, the line that explains the
// failure marked.

#include <string>
#include <string_view>

#include "reports/excerpt.hpp"

namespace seatrial::reports::page {

/// One line of console bytes; SGR colours become classes, all else as in plain().
std::string console_line(std::string_view bytes);
/// The whole figure, or "" for an empty excerpt. Times count from `zero`, the start of the case.
std::string console(const Excerpt& excerpt, double zero);

}  // namespace seatrial::reports::page
