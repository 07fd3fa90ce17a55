// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is left to say after a run: reports into its folder, one line per suite, the verdict, where
// to look. A function of the event log; the same for a run that was killed.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/cli/terminal.hpp"
#include "reports/run_record.hpp"

namespace seatrial::cli {

/// Names from "--format junit,html"; "all" is every format. Unknown ones are a usage failure.
Result<std::vector<std::string>> format_names(const std::string& listed);

/// One line per suite, the headline, warnings, and the paths of the written reports.
std::string closing_lines(const reports::RunRecord& record,
                          const std::vector<std::filesystem::path>& reports,
                          const Terminal& terminal);

/// {"run","folder","exit_code","verdicts":{...},"cases":[{case,verdict,seconds,why}],"reports":[...]}
std::string outcome_json(const reports::RunRecord& record, const std::filesystem::path& folder,
                         const std::vector<std::filesystem::path>& reports);

/// `path` relative to the current folder when it lies below it.
std::string shown_path(const std::filesystem::path& path);

}  // namespace seatrial::cli
