// SPDX-License-Identifier: Apache-2.0
#include "reports/html/case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/base/text.hpp"
#include "reports/escape.hpp"
#include "reports/headline.hpp"
#include "reports/html/console.hpp"
#include "reports/html/pieces.hpp"
#include "reports/trail.hpp"

namespace seatrial::reports::page {
namespace {
using model::Verdict;

constexpr std::size_t kMostShownSteps = 150;
constexpr std::size_t kMostShownItems = 40;
constexpr std::size_t kMostText = 4000;

bool is_red(Verdict verdict) {
  return verdict != Verdict::pass && verdict != Verdict::skip && verdict != Verdict::not_run;
}

std::string part(std::string_view title, const std::string& body) {
  return body.empty() ? "" : fmt::format("<section><h5>{}</h5>{}</section>", title, body);
}

std::string failure_panel(const Attempt& attempt) {
  if (!attempt.failure || attempt.verdict == Verdict::pass) return {};
  const auto& failure = *attempt.failure;
  std::string text =
      fmt::format("<div class=\"fault v-{}\"><p class=\"what\">{}</p>", to_string(attempt.verdict),
                  html(capital(clipped(failure.what(), kMostText))));
  for (const auto& note : failure.context())
    text += fmt::format("<p class=\"while\">while {}</p>", html(one_line(note)));
  if (!attempt.reason.empty() && attempt.reason != failure.what())
    text += fmt::format("<p class=\"while\">{}</p>", html(one_line(attempt.reason, 400)));
  text += fmt::format(
      "<dl><div><dt>Whose fault</dt><dd>{} <code>{}</code></dd></div>"
      "<div><dt>What to do</dt><dd>{}</dd></div></dl></div>",
      blame_badge(failure.blame()), html(one_line(failure.code(), 80)),
      html(capital(clipped(failure.advice(), 1000))));
  return text;
}

std::string reason_panel(const Attempt& attempt) {
  if (attempt.verdict != Verdict::skip && attempt.verdict != Verdict::not_run) return {};
  return fmt::format("<div class=\"fault v-{}\"><p class=\"what\">{}</p></div>",
                     to_string(attempt.verdict), html(capital(clipped(why(attempt), 1000))));
}

std::string expectations(const Attempt& attempt) {
  std::string rows;
  std::size_t shown = 0;
  for (const auto& claim : attempt.assertions) {
    if (claim.ok) continue;
    if (++shown > kMostShownItems) continue;
    rows += "<li>";
    if (!claim.file.empty())
      rows += fmt::format("<p class=\"at\"><code>{}:{}</code><span>{}</span></p>",
                          html(one_line(claim.file, 200)), claim.line,
                          clock_time(claim.at - attempt.at));
    rows += fmt::format("<pre>{}</pre></li>", html(clipped(claim.text, kMostText)));
  }
  if (shown > kMostShownItems)
    rows += fmt::format("<li class=\"more\">{} more</li>", shown - kMostShownItems);
  return rows.empty() ? rows : "<ol class=\"claims\">" + rows + "</ol>";
}

std::string measurements(const Happenings& from) {
  std::string rows;
  for (std::size_t i = 0; i < std::min(from.measurements.size(), kMostShownItems); ++i)
    rows += measurement_row(from.measurements[i], "");
  if (rows.empty()) return rows;
  return "<table class=\"meas\"><tbody>" + rows + "</tbody></table>";
}

/// Boots, power and sentinel hits in the order of time.
std::string events_of_device(const Attempt& attempt) {
  std::vector<std::pair<double, std::string>> moments;
  for (const auto& act : attempt.power)
    moments.emplace_back(act.at,
                         fmt::format("{}power {}{}", icon("power"), html(one_line(act.action, 40)),
                                     act.state.empty() || act.state == act.action
                                         ? ""
                                         : ": " + html(one_line(act.state, 40))));
  for (const auto& seen : attempt.boots) {
    std::string text =
        fmt::format("{}<b>boot {}</b>", icon("boot"), html(one_line(seen.number, 12)));
    if (!seen.slot.empty()) text += fmt::format(" slot {}", html(one_line(seen.slot, 40)));
    std::string reason = one_line(seen.why.empty() ? seen.reason : seen.why, 120);
    std::replace(reason.begin(), reason.end(), '_', ' ');
    if (!reason.empty()) text += fmt::format(", {}", html(reason));
    if (!seen.os_version.empty())
      text += fmt::format(", OS {}", html(one_line(seen.os_version, 40)));
    if (seen.seconds_to_login)
      text += fmt::format(", login after {}", span(*seen.seconds_to_login));
    else if (seen.seconds_to_shell)
      text += fmt::format(", shell after {}", span(*seen.seconds_to_shell));
    if (seen.panicked) text += ", <span class=\"hitword\">panicked</span>";
    if (!seen.ended_by.empty())
      text += fmt::format(", ended by {}", html(one_line(seen.ended_by, 60)));
    if (!seen.boot_id.empty())
      text += fmt::format(" <code>{}</code>", html(one_line(seen.boot_id, 8)));
    moments.emplace_back(seen.at, std::move(text));
  }
  for (const auto& hit : attempt.sentinels)
    moments.emplace_back(
        hit.at, fmt::format("{}<span class=\"{}\">{}{}</span> <code>{}</code>", icon("warn"),
                            hit.allowed ? "allowed" : "hitword", html(one_line(hit.id, 60)),
                            hit.allowed ? " (expected)" : "", html(one_line(hit.line, 300))));
  std::stable_sort(moments.begin(), moments.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string rows;
  for (std::size_t i = 0; i < std::min(moments.size(), kMostShownItems); ++i)
    rows += fmt::format("<li><span class=\"t\">{}</span><span>{}</span></li>",
                        clock_time(moments[i].first - attempt.at), moments[i].second);
  if (moments.size() > kMostShownItems)
    rows += fmt::format("<li class=\"more\">{} more</li>", moments.size() - kMostShownItems);
  return rows.empty() ? rows : "<ol class=\"moments\">" + rows + "</ol>";
}

std::string particulars(const Attempt& attempt) {
  std::string list;
  const auto add = [&list](std::string_view name, const std::string& value) {
    if (!value.empty())
      list += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, html(one_line(value, 120)));
  };
  add("Starts from", attempt.checkpoint);
  add("Began", attempt.started ? clock_time(attempt.at) + " into the run" : "");
  add("Took", attempt.started ? span(attempt.seconds) : "");
  add("of it setup", attempt.setup_seconds > 0 ? span(attempt.setup_seconds) : "");
  add("Guard deadline", attempt.budget_seconds > 0 ? span(attempt.budget_seconds) : "");
  add("Suite", attempt.suite_digest.substr(0, 19));
  return list.empty() ? list : "<dl class=\"parts\">" + list + "</dl>";
}

std::string attempt_body(const Attempt& attempt, const CaseView& view) {
  std::string text = reason_panel(attempt);
  if (text.empty()) text = failure_panel(attempt);
  text += part("Expectations that did not hold", expectations(attempt));
  if (is_red(attempt.verdict)) text += console(view.excerpts.of(attempt), attempt.at);
  text += part("Steps", waterfall(attempt, attempt.at, attempt.seconds));
  text += part("Measurements", measurements(attempt));
  text += part("What the device did", events_of_device(attempt));
  text += part("Notes", notes(attempt, attempt.at));
  text += part("Evidence", artifacts(attempt, view.folder));
  return text + particulars(attempt);
}

std::string body(const Case& of, const CaseView& view) {
  if (!view.with_details)
    return "<p class=\"omitted\">The details of this case were left out to keep the page small. "
           "They are in " +
           file_link("events.jsonl", "events.jsonl") + ".</p>";
  if (of.attempts.size() == 1) return attempt_body(of.attempts.front(), view);
  std::string text;
  for (const auto& attempt : of.attempts)
    text += fmt::format(
        "<details class=\"try\"{}><summary>{}<span>Attempt {}</span> {} <span class=\"dur\">{}"
        "</span></summary><div>{}</div></details>",
        &attempt == &of.telling() ? " open" : "", icon("chevron"), attempt.number,
        verdict_badge(attempt.verdict), attempt.started ? span(attempt.seconds) : "",
        attempt_body(attempt, view));
  return text;
}

std::string budget_bar(const Case& of) {
  const Attempt& telling = of.telling();
  if (!telling.started || telling.budget_seconds <= 0) return {};
  const bool tight = telling.seconds > 0.8 * telling.budget_seconds;
  return bar({.to = telling.seconds,
              .most = telling.budget_seconds,
              .css_class = tight ? "f-error" : "f-plain"});
}

}  // namespace

std::string waterfall(const Happenings& from, double begin, double seconds) {
  std::string rows;
  std::size_t shown = 0, hidden = from.left_out;
  for (const auto& step : from.steps) {
    const bool good = step.finished && step.ok;
    if (shown >= kMostShownSteps && good) {
      ++hidden;
      continue;
    }
    ++shown;
    const char* state = !step.finished ? "cut" : step.ok ? "ok" : "bad";
    rows += fmt::format("<li class=\"{} d{}\"><span class=\"t\">{}</span><span class=\"s\">{}",
                        state, std::min(step.depth, 6), clock_time(step.at - begin),
                        html(one_line(step.text.empty() ? step.name : step.text, 300)));
    if (!step.result.empty()) rows += fmt::format(" <em>{}</em>", html(one_line(step.result, 160)));
    if (!step.finished) rows += " <em class=\"no\">never ended</em>";
    if (!step.ok && step.finished && step.failure)
      rows += fmt::format("<small>{}</small>", html(one_line(step.failure->what(), 400)));
    const double start = step.at - begin;
    const double budget_end = step.budget_seconds > 0 ? start + step.budget_seconds : 0;
    rows +=
        fmt::format("</span>{}<span class=\"dur\">{}{}</span></li>",
                    bar({.from = start,
                         .to = start + step.seconds,
                         .most = std::max(seconds, 1e-3),
                         .limit = budget_end,
                         .css_class = good            ? "f-step"
                                      : step.finished ? "f-fail"
                                                      : "f-error"}),
                    span(step.seconds),
                    step.budget_seconds > 0 ? "<i> of " + span(step.budget_seconds) + "</i>" : "");
  }
  if (rows.empty()) return rows;
  if (hidden) rows += fmt::format("<li class=\"more\">{} more in events.jsonl</li>", hidden);
  return "<ol class=\"fall\">" + rows + "</ol>";
}

std::string artifacts(const Happenings& from, const RunFolder& folder) {
  std::string rows;
  for (std::size_t i = 0; i < std::min(from.artifacts.size(), kMostShownItems); ++i) {
    const auto& file = from.artifacts[i];
    const std::string shown = file.name.empty() ? file.path : file.name;
    rows += fmt::format("<li>{}{} <span>{}{}</span></li>", icon("file"),
                        folder.has_file(file.path) ? file_link(file.path, shown)
                                                   : html(one_line(shown, 200)) + " (absent)",
                        file.bytes ? human_bytes(static_cast<double>(file.bytes)) : "",
                        file.media_type.empty() ? "" : ", " + html(one_line(file.media_type, 60)));
  }
  return rows.empty() ? rows : "<ul class=\"files\">" + rows + "</ul>";
}

std::string notes(const Happenings& from, double zero) {
  std::string rows;
  for (std::size_t i = 0; i < std::min(from.notes.size(), kMostShownItems); ++i) {
    const auto& note = from.notes[i];
    rows += fmt::format("<li class=\"{}\"><span class=\"t\">{}</span><span>{}{}</span></li>",
                        note.level == "warn" ? "warn" : "", clock_time(note.at - zero),
                        note.source.empty() ? "" : html(one_line(note.source, 40)) + ": ",
                        html(one_line(note.text, 400)));
  }
  return rows.empty() ? rows : "<ol class=\"moments\">" + rows + "</ol>";
}

std::string case_section(const Case& of, const CaseView& view) {
  const Attempt& telling = of.telling();
  const bool began = std::any_of(of.attempts.begin(), of.attempts.end(),
                                 [](const Attempt& attempt) { return attempt.started; });
  const std::string reason = of.verdict == Verdict::pass ? "" : why(of);
  const std::string doc =
      reason.empty() ? fmt::format("<span class=\"doc\">{}</span>", html(one_line(of.doc, 300)))
                     : fmt::format("<span class=\"doc\">{}</span><span class=\"because\">{}</span>",
                                   html(one_line(of.doc, 300)), html(one_line(reason, 240)));
  return fmt::format(
      "<details class=\"case\" id=\"{}\" data-v=\"{}\"{}><summary>{}<span class=\"name\">"
      "<b>{}</b>{}{}</span><span class=\"long\">{}<span class=\"dur\">{}</span></span>{}</summary>"
      "<div class=\"body\">{}{}</div></details>\n",
      view.anchor, to_string(of.verdict), view.open ? " open" : "", verdict_icon(of.verdict),
      breakable(of.name),
      of.attempts.size() > 1 ? fmt::format(" <i class=\"kn\">{} of {} attempts passed</i>",
                                           of.passed_attempts(), of.attempts.size())
                             : "",
      doc, budget_bar(of), began ? span(of.seconds()) : "", icon("chevron"), body(of, view),
      telling.started || of.verdict == Verdict::not_run
          ? part("Repeat it", command(repeat_command(view.run, of)))
          : "");
}

}  // namespace seatrial::reports::page
