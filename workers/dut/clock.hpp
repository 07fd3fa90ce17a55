// SPDX-License-Identifier: Apache-2.0
#pragma once
// The DUT's wall clock after a restored snapshot: it resumes at the time of the save, while the
// emulated RTC shows the host's. wake() sets it and proves it, before anything looks at TLS
// validity, journal times or NTP.

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "workers/dut/shell.hpp"

namespace seatrial::dut {

/// DUT time minus host time, corrected for half the round trip; positive: the DUT is ahead.
Task<Result<Duration>> clock_offset(Shell& shell, const Clock& host, Duration budget);

/// Sets the clock (hwclock -s, else date -s) when it is further off than `tolerance`, reads it
/// back, and stirs the kernel's random pool, which repeats between restores. Returns the offset
/// that was found before. Fails with "clock.not_set".
Task<Result<Duration>> wake(Shell& shell, const Clock& host, Duration tolerance, Duration budget);

}  // namespace seatrial::dut
