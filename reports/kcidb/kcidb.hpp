// SPDX-License-Identifier: Apache-2.0
#pragma once
// KCIDB 5.3 JSON, origin "seatrial". One test per attempt, one DONE test with its number per
// measurement. pass -> PASS, fail -> FAIL, error and timeout -> ERROR when the attempt began, else
// MISS, not_run -> MISS, skip -> SKIP. The image under test stands for checkout and build, so that
// the tests have the build that the schema demands.

#include <string>

#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

std::string render_kcidb(const RunRecord& run, const RunFolder& folder);

}  // namespace seatrial::reports
