// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a reader of the page sees first: the verdict in words, the bar, what needs attention, where
// the time went; and last: the facts of the run.

#include <string>
#include <vector>

#include "reports/excerpt.hpp"
#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports::page {

std::string hero(const RunRecord& run);
/// Cases that are not green, those with the same cause together.
std::string attention(const RunRecord& run, const Excerpts& excerpts,
                      const std::vector<std::string>& anchors);
/// Cases that prove nothing, by reason.
std::string not_tested(const RunRecord& run, const std::vector<std::string>& anchors);
/// Every measurement of the run against its limit.
std::string all_measurements(const RunRecord& run, const std::vector<std::string>& anchors);
/// All attempts on one line of time.
std::string timeline(const RunRecord& run, const std::vector<std::string>& anchors);
std::string run_facts(const RunRecord& run, const RunFolder& folder);

}  // namespace seatrial::reports::page
