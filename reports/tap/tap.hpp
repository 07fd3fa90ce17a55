// SPDX-License-Identifier: Apache-2.0
#pragma once
// TAP 14: one subtest per suite, YAML diagnostics under every point. error and timeout are
// `not ok`; skip and not_run are `ok # SKIP reason` (TAP has no word for not run). A run that
// proves nothing although no point is `not ok` gets a last point that is.

#include <string>

#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

std::string render_tap(const RunRecord& run, const RunFolder& folder);

}  // namespace seatrial::reports
