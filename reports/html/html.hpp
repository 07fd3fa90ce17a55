// SPDX-License-Identifier: Apache-2.0
#pragma once
// One self-contained page for people: no network, no external font, script or picture; readable
// without script; light and dark; wide and narrow. Everything from the log is escaped, and a
// content security policy with the digests of our own script and style makes anything that slipped
// through inert. Bounded: passing cases give up their details first (kMostPassing), then the others
// (kMostPage); what was left out is said.

#include <string>

#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

inline constexpr std::size_t kMostPassing = 5u << 20;
inline constexpr std::size_t kMostPage = 12u << 20;

std::string render_html(const RunRecord& run, const RunFolder& folder);

}  // namespace seatrial::reports
