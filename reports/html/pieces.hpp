// SPDX-License-Identifier: Apache-2.0
#pragma once
// Small parts of the page. All of them take raw text and return safe HTML.

#include <string>
#include <string_view>
#include <vector>

#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports::page {

/// The pictures that icon() refers to; once per page.
std::string icon_sheet();
std::string icon(std::string_view name);
/// The icon of a verdict with its word for a screen reader.
std::string verdict_icon(model::Verdict verdict);
/// A coloured word: <span class="badge v-fail">failed</span>
std::string verdict_badge(model::Verdict verdict);
std::string blame_badge(Blame blame);

/// Segments side by side, as wide as their counts.
std::string verdict_bar(const model::Tally& tally, std::string_view css_class);
/// A track from 0 to `most` with a bar from `from` to `to`, and a tick at `limit` when it is
/// above zero.
struct Bar {
  double from = 0, to = 0, most = 1, limit = 0;
  std::string_view css_class;  ///< of the bar
};
std::string bar(const Bar& shown);

/// A row of a table: name, value, bar with its limit, limit in words; `where` is HTML or "".
std::string measurement_row(const Measurement& made, const std::string& where);

/// Anchors of cases: their names where they are harmless and unique.
std::vector<std::string> anchors(const RunRecord& run);
/// A name of words_joined_like_this, which may be broken after each of them.
std::string breakable(std::string_view name, std::size_t most = 200);
/// A link to a file of the run, or plain text when the path leads out of the folder.
std::string file_link(std::string_view path, std::string_view shown);
/// A command with a button that copies it.
std::string command(std::string_view line);
/// The text as a sentence: the first letter large, unless the first word looks like a name.
std::string capital(std::string text);
/// "1 March 2026, 12:00:07 UTC" of an ISO time; the text itself when it is not one.
std::string wall_time(std::string_view iso);
/// "0:07.1", "12:03": a short time since the beginning of the run.
std::string clock_time(double seconds);

}  // namespace seatrial::reports::page
