// SPDX-License-Identifier: Apache-2.0
#pragma once
// Names for runs and attempts, and random hexadecimal strings from the kernel's generator.

#include <cstddef>
#include <string>

#include "core/base/clock.hpp"

namespace seatrial {

/// `digits` lower-case hexadecimal digits from getrandom(2).
std::string random_hex(std::size_t digits);

/// "20260301-120000-3fa9": sorts by time, is unique on one machine, is a good folder name.
std::string make_run_id(const Clock& clock);

}  // namespace seatrial
