// SPDX-License-Identifier: Apache-2.0
#pragma once
// Markdown for a pull request comment or a job summary, in the GitHub and GitLab dialects:
// headline, suites, what needs attention with the console lines that explain it, measurements,
// facts. At most 60,000 bytes (GitHub takes 65,536 characters). Device text cannot mention people
// or make links.

#include <string>

#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

std::string render_markdown(const RunRecord& run, const RunFolder& folder);

}  // namespace seatrial::reports
