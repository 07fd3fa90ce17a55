// SPDX-License-Identifier: Apache-2.0
#pragma once
// GitHub annotations: workflow commands to print in a step, so that failures show at the lines of
// the suite that expected otherwise. fail and flaky are errors, error and timeout warnings. GitHub
// shows ten of each per step, so the tenth speaks for the rest.

#include <string>

#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

std::string render_github(const RunRecord& run, const RunFolder& folder);

}  // namespace seatrial::reports
