// SPDX-License-Identifier: Apache-2.0
#pragma once
// One case of the page: a row that says enough, and behind it everything that is known.

#include <string>

#include "reports/excerpt.hpp"
#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports::page {

struct CaseView {
  const RunRecord& run;
  const RunFolder& folder;
  const Excerpts& excerpts;
  const std::string& anchor;
  bool with_details = true;  ///< false: the page is large enough already
  bool open = false;
};

std::string case_section(const Case& of, const CaseView& view);
/// The trail of steps as a waterfall; shared with what happened outside of cases.
std::string waterfall(const Happenings& from, double begin, double seconds);
std::string artifacts(const Happenings& from, const RunFolder& folder);
/// Times count from `zero`.
std::string notes(const Happenings& from, double zero);

}  // namespace seatrial::reports::page
