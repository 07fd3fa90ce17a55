// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the lab's time server says (RFC 5905, server mode), without I/O. Its clock is this machine's
// plus an offset, which may be years: no NTP daemon serves a time that it does not believe itself,
// so this is one of our own. The requests are foreign bytes.

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace seatrial::network {

struct NtpManner {
  enum class How {
    answer,
    silent,
    unsynchronised,  ///< leap indicator 3, stratum 16: says itself that it does not know
    go_away,         ///< kiss of death "DENY"
  };
  How how = How::answer;
  double offset = 0;  ///< seconds
  int stratum = 5;
};
Result<NtpManner::How> ntp_how(std::string_view word);

/// Nothing for bytes that are no request, and for silence. `wall`: this machine's time.
std::optional<std::string> ntp_answer(std::string_view request, const NtpManner& manner,
                                      Duration wall);

}  // namespace seatrial::network
