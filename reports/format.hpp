// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one table of report formats. A new format is a folder with a function from (RunRecord,
// RunFolder) to the text of a file, and a line in the table.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

struct Format {
  std::string_view name;        ///< "junit", as in --format
  std::string_view file;        ///< in the run folder
  std::string_view media_type;  ///
  std::string_view doc;         ///< one sentence for `seatrial list formats`
  std::string (*render)(const RunRecord&, const RunFolder&);
};

const std::vector<Format>& formats();
/// nullptr when there is none of this name.
const Format* find_format(std::string_view name);

/// Renders the named formats ("all": every one) from the events of a run and writes them into its
/// folder, each file whole or not at all. Returns the paths in the order asked for.
Result<std::vector<std::filesystem::path>> write_reports(const std::filesystem::path& run_folder,
                                                         const std::vector<std::string>& names);

}  // namespace seatrial::reports
