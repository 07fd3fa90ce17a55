// SPDX-License-Identifier: Apache-2.0
#pragma once
// The DUT's side of a console session: a few shell functions, typed in after login and proven by
// checksum. Needs a POSIX shell (dash, bash, busybox), cksum, dd, wc, mktemp, and base64 or od.

#include <string>
#include <string_view>
#include <vector>

namespace seatrial::console {

/// The functions, to be sourced by the login shell. _sd is the session's folder on the DUT.
std::string_view session_script();

/// `text` as the format argument of printf, in single quotes: any bytes but NUL survive a terminal
/// in canonical mode. Cut into lines of at most `most` characters between the quotes.
std::vector<std::string> printf_arguments(std::string_view text, std::size_t most = 400);

}  // namespace seatrial::console
