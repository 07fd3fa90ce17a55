// SPDX-License-Identifier: Apache-2.0
#pragma once
// main() of a suite binary: `--list` prints its cases as JSON, `--case NAME` runs one against the
// bench that the environment names. Exit codes: 0 the bench host has the result, whatever it is;
// 2 wrong usage; 3 the result could not be delivered (no bench, refused, told to stop, host gone).

#include <string>
#include <vector>

namespace seatrial::kit {

int run_suite(const std::vector<std::string>& arguments);

}  // namespace seatrial::kit
