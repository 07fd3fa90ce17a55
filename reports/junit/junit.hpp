// SPDX-License-Identifier: Apache-2.0
#pragma once
// JUnit XML as GitLab and Jenkins read it. One testcase per case (GitLab keeps only the first of
// two with one name), classname = suite. fail -> failure, error and timeout -> error, skip and
// not_run -> skipped with the reason; a flaky case is a failure of type "flaky" whose failed
// attempts are kept as rerunFailure/rerunError. A run that did not end well is a testcase of its
// own with an error, so that a file of nothing but skipped cases is never green. Only elements and
// attributes that strict schemas of readers know are written. Every text is bounded: GitLab refuses
// files above 30 MB.

#include <string>

#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

std::string render_junit(const RunRecord& run, const RunFolder& folder);

}  // namespace seatrial::reports
