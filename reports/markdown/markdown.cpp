// SPDX-License-Identifier: Apache-2.0
#include "reports/markdown/markdown.hpp"

#include <fmt/format.h>

#include "reports/escape.hpp"
#include "reports/excerpt.hpp"
#include "reports/headline.hpp"
#include "reports/trail.hpp"

namespace seatrial::reports {
namespace {
using model::Verdict;

constexpr std::size_t kMost = 60'000;
constexpr std::size_t kForTheRest = 8'000;  ///< kept for the sections after the failures

std::string_view sign(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "\xE2\x9C\x85";
    case Verdict::fail: return "\xE2\x9D\x8C";
    case Verdict::flaky: return "\xF0\x9F\x8E\xB2";
    case Verdict::skip: return "\xE2\x8F\xAD\xEF\xB8\x8F";
    case Verdict::not_run: return "\xE2\x97\xBB\xEF\xB8\x8F";
    default: return "\xE2\x9A\xA0\xEF\xB8\x8F";
  }
}

std::string_view sign(Headline::Tone tone) {
  return tone == Headline::Tone::good  ? sign(Verdict::pass)
         : tone == Headline::Tone::bad ? sign(Verdict::fail)
                                       : sign(Verdict::error);
}

std::string fenced(const std::string& text) {
  std::size_t longest = 2, now = 0;
  for (const char c : text) longest = std::max(longest, now = c == '`' ? now + 1 : 0);
  const std::string fence(longest + 1, '`');
  return fence + "text\n" + text + fence + "\n";
}

std::string suites_table(const RunRecord& run) {
  std::vector<Verdict> used;
  for (const auto verdict : {Verdict::pass, Verdict::fail, Verdict::flaky, Verdict::error,
                             Verdict::timeout, Verdict::not_run, Verdict::skip})
    if (run.tally.of(verdict)) used.push_back(verdict);
  std::string head = "| suite |", rule = "|---|", rows;
  for (const auto verdict : used) {
    head += fmt::format(" {} {} |", sign(verdict), verdict_words(verdict));
    rule += "--:|";
  }
  for (const auto& suite : run.suites) {
    if (suite.cases.empty()) continue;
    rows += fmt::format("| {} |", markdown(suite.name));
    for (const auto verdict : used)
      rows += suite.tally.of(verdict) ? fmt::format(" {} |", suite.tally.of(verdict)) : "  |";
    rows += fmt::format(" {} |\n", span(suite.seconds));
  }
  return rows.empty() ? "" : head + " time |\n" + rule + "--:|\n" + rows + "\n";
}

std::string details(const std::string& summary, const std::string& body) {
  return fmt::format("<details><summary>{}</summary>\n\n{}\n</details>\n\n", summary, body);
}

std::string one_case(const RunRecord& run, const Case& of, const Excerpts& excerpts) {
  const Attempt& telling = of.telling();
  std::string text =
      fmt::format("### {} {} {}\n\n{}\n\n", sign(of.verdict), markdown_code(of.full_name()),
                  verdict_words(of.verdict), markdown(why(of)));
  if (telling.failure)
    text += fmt::format(
        "**Whose fault:** {} ({})  \n**What to do:** {}\n\n", blame_words(telling.failure->blame()),
        markdown_code(telling.failure->code()), markdown(telling.failure->advice()));
  const auto excerpt = excerpts.of(telling, 15);
  if (const auto* line = excerpt.explaining()) {
    text += fmt::format("{}:\n\n", excerpt.certain ? "The console line that explains it"
                                                   : "The console line that may explain it");
    text += fenced(one_line(line->bytes, 300) + "\n") + "\n";
  }
  std::string more = fenced(clipped(failure_text(telling), 3000)) + "\n" +
                     fenced(clipped(trail_text(telling, 25), 4000));
  if (const auto console = console_text(excerpt, telling.at); !console.empty())
    more += "\n" + fenced(console);
  text += details("Expectations, steps and console", more);
  return text + "Repeat it: " + markdown_code(repeat_command(run, of)) + "\n\n";
}

std::string attention(const RunRecord& run, const RunFolder& folder, std::size_t room) {
  const Excerpts excerpts(run, folder);
  std::string text;
  std::size_t listed = 0, left_out = 0;
  for (const auto verdict : verdicts_by_weight()) {
    if (verdict == Verdict::pass || verdict == Verdict::skip || verdict == Verdict::not_run)
      continue;
    for (const auto& of : run.cases) {
      if (of.verdict != verdict) continue;
      // Ten cases in full, then one line each: a comment is read, an essay is not.
      std::string entry = listed < 10 ? one_case(run, of, excerpts) : std::string();
      if (entry.empty() || text.size() + entry.size() > room)
        entry = fmt::format("- {} {} {}: {}\n", sign(of.verdict), markdown_code(of.full_name()),
                            verdict_words(of.verdict), markdown(one_line(why(of), 160)));
      if (text.size() + entry.size() > room) {
        ++left_out;
        continue;
      }
      text += entry;
      ++listed;
    }
  }
  if (left_out) text += fmt::format("\n{} more are in the report.\n", count_of(left_out, "case"));
  return text.empty() ? text : text + "\n";
}

std::string quiet_cases(const RunRecord& run) {
  std::string rows;
  for (const auto verdict : {Verdict::not_run, Verdict::skip})
    for (const auto& of : run.cases)
      if (of.verdict == verdict && rows.size() < kForTheRest / 4)
        rows += fmt::format("- {} {} {}: {}\n", sign(verdict), markdown_code(of.full_name()),
                            verdict_words(verdict), markdown(one_line(why(of), 160)));
  return rows.empty() ? rows : details("Not run or not applicable", rows);
}

std::string measurements(const RunRecord& run) {
  std::string rows;
  for (const auto& of : run.cases)
    for (const auto& made : of.telling().measurements)
      if (rows.size() < kForTheRest / 4)
        rows += fmt::format(
            "| {} | {} | {} | {} |\n", made.ok ? sign(Verdict::pass) : sign(Verdict::fail),
            markdown(of.full_name()), markdown(made.name), markdown(measurement_text(made)));
  if (rows.empty()) return rows;
  return details("Measurements", "| | case | what | value |\n|---|---|---|---|\n" + rows);
}

std::string facts(const RunRecord& run) {
  std::string rows;
  for (const auto& fact : run.facts)
    if (rows.size() < kForTheRest / 4)
      rows += fmt::format("| {} {} | <code>{}</code> |\n", markdown(fact.group),
                          markdown(fact.name), markdown(fact.value));
  if (rows.empty()) return rows;
  return details("Environment", "| what | value |\n|---|---|\n" + rows);
}

}  // namespace

std::string render_markdown(const RunRecord& run, const RunFolder& folder) {
  const auto head = headline(run);
  std::string text =
      fmt::format("## {} {}: {}\n\n{} \xC2\xB7 {} \xC2\xB7 run {}\n\n", sign(head.tone), head.word,
                  head.sentence, markdown(subject(run)), span(run.seconds), markdown_code(run.id));
  if (!head.warning.empty())
    text += fmt::format("> {} {}\n\n", sign(Verdict::error), markdown(head.warning));
  text += suites_table(run);
  text += attention(run, folder, kMost - kForTheRest - std::min(text.size(), kMost / 2));
  return text + quiet_cases(run) + measurements(run) + facts(run);
}

}  // namespace seatrial::reports
