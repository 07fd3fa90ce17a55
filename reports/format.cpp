// SPDX-License-Identifier: Apache-2.0
#include "reports/format.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "reports/ctrf/ctrf.hpp"
#include "reports/github/github.hpp"
#include "reports/html/html.hpp"
#include "reports/junit/junit.hpp"
#include "reports/kcidb/kcidb.hpp"
#include "reports/markdown/markdown.hpp"
#include "reports/tap/tap.hpp"

namespace seatrial::reports {

const std::vector<Format>& formats() {
  static const std::vector<Format> table{
      {"html", "report.html", "text/html", "one self-contained page for people", render_html},
      {"junit", "junit.xml", "application/xml", "JUnit XML for GitLab, Jenkins and most CI systems",
       render_junit},
      {"tap", "report.tap", "text/plain", "TAP 14 with YAML diagnostics", render_tap},
      {"markdown", "report.md", "text/markdown", "a summary for a pull request", render_markdown},
      {"ctrf", "ctrf.json", "application/json",
       "Common Test Report Format, for its actions and tools", render_ctrf},
      {"kcidb", "kcidb.json", "application/json", "KCIDB 5.3, for KernelCI dashboards",
       render_kcidb},
      {"github", "github.txt", "text/plain",
       "annotations: print this file in a GitHub Actions step", render_github},
  };
  return table;
}

const Format* find_format(std::string_view name) {
  const auto it = std::find_if(formats().begin(), formats().end(),
                               [name](const Format& format) { return format.name == name; });
  return it == formats().end() ? nullptr : &*it;
}

Result<std::vector<std::filesystem::path>> write_reports(const std::filesystem::path& run_folder,
                                                         const std::vector<std::string>& names) {
  std::vector<const Format*> chosen;
  for (const auto& name : names) {
    if (name == "all") {
      for (const auto& format : formats()) chosen.push_back(&format);
      continue;
    }
    const Format* format = find_format(name);
    if (!format) {
      std::vector<std::string> known;
      for (const auto& each : formats()) known.emplace_back(each.name);
      return Failure(
          "usage.unknown_format", Blame::unknown, "there is no report format \"" + name + "\"",
          "choose among " + join(known, ", ") + " and all; " + did_you_mean(name, known));
    }
    chosen.push_back(format);
  }
  TRY(const auto run, read_run_record(run_folder));
  const RunFolder folder(run_folder, run.zero);
  std::vector<std::filesystem::path> written;
  for (const Format* format : chosen) {
    const auto path = run_folder / format->file;
    CHECK_OK(write_whole(path, format->render(run, folder)));
    written.push_back(path);
  }
  return written;
}

}  // namespace seatrial::reports
