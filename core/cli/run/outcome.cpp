// SPDX-License-Identifier: Apache-2.0
#include "core/cli/run/outcome.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/cli/run/display.hpp"
#include "core/cli/verb.hpp"
#include "reports/format.hpp"
#include "reports/headline.hpp"

namespace seatrial::cli {
namespace fs = std::filesystem;
namespace {

std::string suite_line(const reports::Suite& suite, std::size_t width, const Terminal& terminal) {
  const bool clean = suite.tally.of(model::Verdict::pass) == suite.tally.total();
  const auto mark = clean ? terminal.paint(Colour::green, "ok  ")
                    : model::exit_code(suite.tally) == model::exit_proven
                        ? terminal.paint(Colour::plain, "ok  ")
                        : terminal.paint(Colour::red, "--  ");
  return fmt::format("{}{}  {}  {}\n", mark, fitted(suite.name, width), counted(suite.tally),
                     terminal.paint(Colour::dim, reports::span(suite.seconds)));
}

}  // namespace

Result<std::vector<std::string>> format_names(const std::string& listed) {
  std::vector<std::string> known, out;
  for (const auto& format : reports::formats()) known.emplace_back(format.name);
  for (const auto& word : split(listed, ',')) {
    const std::string name(trim(word));
    if (name == "all") return known;
    if (name.empty()) continue;
    if (reports::find_format(name) == nullptr) {
      const auto near = did_you_mean(name, known);
      return usage(fmt::format("there is no report format '{}'", name),
                   near.empty() ? "the formats are " + join(known, ", ") : near);
    }
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  return out;
}

std::string shown_path(const fs::path& path) {
  std::error_code error;
  const auto here = fs::current_path(error);
  const auto relative = path.lexically_relative(here);
  return relative.empty() || *relative.begin() == ".." ? path.string() : relative.string();
}

std::string closing_lines(const reports::RunRecord& record, const std::vector<fs::path>& reports,
                          const Terminal& terminal) {
  std::string out;
  std::size_t width = 8;
  for (const auto& suite : record.suites) width = std::max(width, suite.name.size());
  for (const auto& suite : record.suites) out += suite_line(suite, width, terminal);
  const auto line = reports::headline(record);
  const auto colour = line.tone == reports::Headline::Tone::good  ? Colour::green
                      : line.tone == reports::Headline::Tone::bad ? Colour::red
                                                                  : Colour::yellow;
  out += fmt::format("{}: {} in {}\n", terminal.paint(colour, line.word), line.sentence,
                     reports::span(record.seconds));
  if (!line.warning.empty()) out += line.warning + "\n";
  if (record.failure)
    out += fmt::format("{}\n  {}\n", record.failure->what(), record.failure->advice());
  for (const auto& path : reports)
    if (path.extension() == ".html") out += "report: " + shown_path(path) + "\n";
  return out;
}

std::string outcome_json(const reports::RunRecord& record, const fs::path& folder,
                         const std::vector<fs::path>& reports) {
  nlohmann::json verdicts = nlohmann::json::object(), cases = nlohmann::json::array();
  for (std::size_t i = 0; i < model::kVerdicts; ++i)
    verdicts[std::string(to_string(static_cast<model::Verdict>(i)))] = record.tally.count[i];
  for (const auto& one : record.cases) {
    nlohmann::json entry{{"case", one.full_name()},
                         {"verdict", to_string(one.verdict)},
                         {"seconds", one.seconds()},
                         {"attempts", one.attempts.size()}};
    if (auto why = reports::why(one); !why.empty()) entry["why"] = why;
    if (const auto& failure = one.telling().failure) entry["code"] = failure->code();
    cases.push_back(entry);
  }
  nlohmann::json paths = nlohmann::json::array();
  for (const auto& path : reports) paths.push_back(path.string());
  return nlohmann::json{{"run", record.id},
                        {"folder", folder.string()},
                        {"exit_code", static_cast<int>(record.exit_code())},
                        {"finished", record.finished},
                        {"interrupted", record.interrupted},
                        {"seconds", record.seconds},
                        {"verdicts", verdicts},
                        {"cases", cases},
                        {"reports", paths}}
             .dump(2) +
         "\n";
}

}  // namespace seatrial::cli
