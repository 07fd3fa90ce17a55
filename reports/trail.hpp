// SPDX-License-Identifier: Apache-2.0
#pragma once
// What happened in an attempt as plain text, for formats without markup of their own (JUnit, TAP).
// Times are seconds since the attempt began.
// The text is raw: the writer escapes it.

#include <string>

#include "reports/excerpt.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

/// "what\nwhose fault: ...\nwhat to do: ...\nat file:line", then every failed expectation.
std::string failure_text(const Attempt& attempt);
/// The steps, one per line with durations, measurements, boots, sentinels; at most `most` lines of
/// steps, those that failed always.
std::string trail_text(const Attempt& attempt, std::size_t most = 60);
/// The console excerpt with times since `zero`; the explaining line is marked with ">".
std::string console_text(const Excerpt& excerpt, double zero);
/// "12.5 s (at most 10 s): too much"
std::string measurement_text(const Measurement& made);
/// "12.5"
std::string number_text(double value);

}  // namespace seatrial::reports
