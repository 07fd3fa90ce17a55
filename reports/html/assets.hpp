// SPDX-License-Identifier: Apache-2.0
#pragma once
// page.css and page.js as text, put into the program at build time, with their digests as a content
// security policy wants them ("sha256-<base64>").

#include <string>
#include <string_view>

namespace seatrial::reports {

std::string_view page_style();
std::string_view page_script();
std::string style_digest();
std::string script_digest();

}  // namespace seatrial::reports
