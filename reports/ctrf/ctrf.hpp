// SPDX-License-Identifier: Apache-2.0
#pragma once
// CTRF (ctrf.io) JSON. pass -> passed, fail and flaky -> failed (flaky with its flag and every
// attempt: a case that passes sometimes is not green here), error and timeout -> other, skip ->
// skipped, not_run -> pending; rawStatus always has our own word. What the format has no field for
// (blame, advice, measurements, digests) is under `extra`.

#include <string>

#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

std::string render_ctrf(const RunRecord& run, const RunFolder& folder);

}  // namespace seatrial::reports
