// SPDX-License-Identifier: Apache-2.0
// seatrial report: the reports of a run, again or in another format.
#include <fmt/core.h>

#include "core/cli/run/outcome.hpp"
#include "core/cli/run/perform.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "reports/format.hpp"

namespace seatrial::cli {
namespace {

Result<int> report(const Invocation& call) {
  TRY(const auto folder, run_folder(call.operands.empty() ? "" : call.operands.front()));
  TRY(const auto formats, format_names(call.value("format", "html,junit")));
  if (call.has("stdout")) {
    if (formats.size() != 1)
      return usage("--stdout takes one format", "write --format markdown --stdout");
    TRY(const auto record, reports::read_run_record(folder));
    const auto text = reports::find_format(formats.front())
                          ->render(record, reports::RunFolder(folder, record.zero));
    fmt::print("{}", text);
    return 0;
  }
  TRY(const auto written, reports::write_reports(folder, formats));
  TRY(const auto record, reports::read_run_record(folder));
  if (call.has("json")) {
    fmt::print("{}", outcome_json(record, folder, written));
    return 0;
  }
  fmt::print("{}", closing_lines(record, {}, Terminal::of(1)));
  for (const auto& path : written) fmt::print("{}\n", shown_path(path));
  return 0;
}

}  // namespace

const Verb& report_verb() {
  static const Verb verb{
      .name = "report",
      .summary = "render the reports of a run, also of one that was killed",
      .operands = "[RUN]",
      .most_operands = 1,
      .words = Words::runs,
      .description =
          "Reads the event log of a run and writes reports into its folder. RUN is a run folder "
          "or an id below ./runs; the default is the newest. A run that was killed, or whose log "
          "ends in the middle of a line, is reported as far as it came.",
      .options = {{"format", "LIST",
                   "Formats by name with commas, or all; the default is "
                   "html,junit.",
                   Words::formats},
                  {"stdout", "", "Print the one report instead of writing a file."},
                  {"json", "", "Print verdicts and paths as one JSON object."}},
      .examples = {{"seatrial report --format all", "Every format for the newest run."},
                   {"seatrial report runs/latest --format markdown --stdout",
                    "For a pull request."}},
      .exits = "0 written, whatever the verdicts\n2 no such run or format\n3 not written",
      .run = report};
  return verb;
}

}  // namespace seatrial::cli
