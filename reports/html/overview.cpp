// SPDX-License-Identifier: Apache-2.0
#include "reports/html/overview.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "core/base/text.hpp"
#include "reports/escape.hpp"
#include "reports/headline.hpp"
#include "reports/html/case.hpp"
#include "reports/html/console.hpp"
#include "reports/html/pieces.hpp"

namespace seatrial::reports::page {
namespace {
using model::Verdict;

constexpr std::size_t kMostCauses = 12;
constexpr std::size_t kMostNames = 8;
constexpr std::size_t kMostSegments = 600;
constexpr std::size_t kMostMeasurements = 100;

std::string_view tone_class(Headline::Tone tone) {
  return tone == Headline::Tone::good ? "good" : tone == Headline::Tone::bad ? "bad" : "unsure";
}

/// "bench qemu (tcg)"
std::string bench_of(const RunRecord& run) {
  const auto name = run.fact("bench", "name");
  auto accelerator = run.fact("bench", "accelerator");
  if (accelerator.empty()) accelerator = run.fact("bench", "instruments.accelerator");
  return name.empty()
             ? ""
             : one_line("bench " + name + (accelerator.empty() ? "" : " (" + accelerator + ")"),
                        80);
}

std::string legend(const RunRecord& run) {
  std::string chips;
  for (const auto verdict : verdicts_by_weight())
    if (const auto n = run.tally.of(verdict))
      chips +=
          fmt::format("<li>{}<b>{}</b> {}</li>", verdict_icon(verdict), n, verdict_words(verdict));
  return "<ul class=\"legend\">" + chips + "</ul>";
}

/// Cases that are red for the same stated reason.
struct Cause {
  Verdict verdict = Verdict::fail;
  std::vector<std::size_t> cases;
};

std::vector<Cause> causes(const RunRecord& run) {
  std::vector<Cause> list;
  std::map<std::string, std::size_t> known;
  for (const auto verdict : verdicts_by_weight()) {
    if (verdict == Verdict::pass || verdict == Verdict::skip || verdict == Verdict::not_run)
      continue;
    for (std::size_t i = 0; i < run.cases.size(); ++i) {
      const auto& of = run.cases[i];
      if (of.verdict != verdict) continue;
      const auto& telling = of.telling();
      // Product failures are told one by one: the same words often hide different causes.
      const bool alone = !telling.failure || telling.failure->blame() == Blame::product;
      const std::string key =
          alone ? fmt::format("{}", i) : telling.failure->code() + "\n" + telling.failure->what();
      const auto [it, is_new] = known.emplace(key, list.size());
      if (is_new) list.push_back({verdict, {}});
      list[it->second].cases.push_back(i);
    }
  }
  return list;
}

std::string case_links(const RunRecord& run, const Cause& cause,
                       const std::vector<std::string>& anchors) {
  std::string links;
  for (std::size_t i = 0; i < std::min(cause.cases.size(), kMostNames); ++i) {
    const auto index = cause.cases[i];
    links += fmt::format("{}<a href=\"#{}\">{}</a>", links.empty() ? "" : ", ", anchors[index],
                         breakable(run.cases[index].full_name()));
  }
  if (cause.cases.size() > kMostNames)
    links += fmt::format(" and {} more", cause.cases.size() - kMostNames);
  return links;
}

/// `again`: the command that repeats it, or "".
std::string guidance(const std::optional<Failure>& failure, const std::string& again) {
  std::string rows;
  if (failure)
    rows = fmt::format(
        "<div><dt>Whose fault</dt><dd>{}</dd></div><div><dt>What to do</dt><dd>{}</dd></div>",
        blame_badge(failure->blame()), html(capital(one_line(failure->advice(), 600))));
  if (!again.empty())
    rows += "<div class=\"again\"><dt>Repeat it</dt><dd>" + command(again) + "</dd></div>";
  return rows.empty() ? rows : "<dl class=\"guide\">" + rows + "</dl>";
}

std::string explaining_line(const Excerpt& excerpt, double zero) {
  const auto* line = excerpt.explaining();
  if (!line) return {};
  std::string_view bytes = line->bytes;
  std::size_t most = std::min<std::size_t>(bytes.size(), 240);
  while (most > 0 && most < bytes.size() && (static_cast<unsigned char>(bytes[most]) >> 6) == 2)
    --most;
  return fmt::format(
      "<p class=\"line\"><span class=\"t\">{}</span><code>{}{}</code><b class=\"why\">{}</b></p>",
      line->at ? clock_time(*line->at - zero) : "", console_line(bytes.substr(0, most)),
      most < bytes.size() ? "\xE2\x80\xA6" : "",
      excerpt.certain ? "explains it" : "may explain it");
}

std::string card(const RunRecord& run, const Cause& cause, const Excerpts& excerpts,
                 const std::vector<std::string>& anchors) {
  const Case& first = run.cases[cause.cases.front()];
  const Attempt& telling = first.telling();
  std::string text =
      fmt::format("<li class=\"card v-{}\"><h3>{}<span>{}</span></h3><p class=\"what\">{}</p>",
                  to_string(cause.verdict), verdict_icon(cause.verdict),
                  case_links(run, cause, anchors), html(capital(one_line(why(first), 400))));
  text += explaining_line(excerpts.of(telling), telling.at);
  std::vector<const Case*> cases;
  for (const auto index : cause.cases) cases.push_back(&run.cases[index]);
  // A command that repeats a part of them, or fills the screen, helps nobody.
  const bool few = cases.size() <= kMostNames;
  return text + guidance(telling.failure, few ? repeat_command(run, cases) : "") + "</li>";
}

/// An attempt on the line of time, with a notch for every boot in it.
std::string segment(const Case& of, const Attempt& attempt, const std::string& anchor,
                    double total) {
  const auto place = [total](double at) { return std::clamp(1000 * at / total, 0.0, 998.0); };
  const double x = place(attempt.at);
  const double width = std::clamp(1000 * attempt.seconds / total - 1, 1.5, 1000 - x);
  std::string notches;
  for (std::size_t i = 0; i < std::min<std::size_t>(attempt.boots.size(), 20); ++i)
    notches +=
        fmt::format("<rect class=\"boot\" x=\"{:.1f}\" y=\"16\" width=\"1.5\" height=\"6\"/>",
                    place(attempt.boots[i].at));
  return fmt::format(
      "<a href=\"#{}\"><rect class=\"f-{}\" x=\"{:.1f}\" width=\"{:.1f}\" height=\"22\">"
      "<title>{}: {}, {}</title></rect>{}</a>",
      anchor, to_string(attempt.verdict), x, width, html(one_line(of.full_name(), 120)),
      verdict_words(attempt.verdict), span(attempt.seconds), notches);
}

/// "accelerator why" of "instruments.accelerator_why"
std::string fact_name(std::string_view name) {
  constexpr std::string_view kParts = "instruments.";
  if (name.substr(0, kParts.size()) == kParts) name.remove_prefix(kParts.size());
  std::string words = one_line(name, 60);
  std::replace(words.begin(), words.end(), '_', ' ');
  return breakable(words, 60);
}

std::string fact_group(const RunRecord& run, std::string_view group, std::string_view title) {
  std::string first, rows;
  for (const auto& fact : run.facts)
    if (fact.group == group && !fact.value.empty())
      (fact.name == "name" || fact.name == "version" || fact.name == "slug" ? first : rows) +=
          fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", fact_name(fact.name),
                      html(one_line(fact.value, 400)));
  if (first.empty() && rows.empty()) return rows;
  return fmt::format("<section><h3>{}</h3><dl>{}{}</dl></section>", title, first, rows);
}

/// The files that a run leaves beside its artifacts; one that says nothing is not named.
std::string evidence(const RunFolder& folder) {
  constexpr int kMostCaptures = 100;
  std::string list;
  const auto add = [&](const std::string& name, std::string_view doc) {
    std::error_code gone;
    if (!folder.has_file(name) || std::filesystem::file_size(folder.path() / name, gone) == 0)
      return false;
    list += fmt::format("<li>{}{} <span>{}</span></li>", icon("file"), file_link(name, name), doc);
    return true;
  };
  add("events.jsonl", "what happened");
  add("console.log", "what the console gave");
  add("cloud.jsonl", "requests of the device to the API");
  for (int start = 1; start <= kMostCaptures; ++start)  // one for each start of the machine
    if (!add(fmt::format("private/packets-{}.pcap", start),
             "packets of the lab network; secrets of the run are in them"))
      break;
  add("private/qemu.log", "what QEMU said");
  add("bench.log", "what the bench host said");
  return list;
}

std::string suite_facts(const RunRecord& run) {
  std::string rows;
  for (const auto& suite : run.suites)
    if (!suite.digest.empty())
      rows += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", html(one_line(suite.name, 60)),
                          html(one_line(suite.digest, 100)));
  return rows.empty() ? rows : "<section><h3>Suites</h3><dl>" + rows + "</dl></section>";
}

}  // namespace

std::string hero(const RunRecord& run) {
  const auto head = headline(run);
  std::string meta;
  for (const auto& part : {wall_time(run.started_wall), span(run.seconds), bench_of(run)})
    if (!part.empty()) meta += fmt::format("<span>{}</span>", html(part));
  std::string text = fmt::format(
      "<section class=\"hero {}\"><p class=\"go\">{}</p><h1>{}</h1><p class=\"subject\">{}</p>"
      "<p class=\"meta\">{}</p>",
      tone_class(head.tone), head.word, html(capital(head.sentence)), html(subject(run)), meta);
  if (!head.warning.empty())
    text += fmt::format("<p class=\"warning\">{}<span>{}</span></p>", icon("warn"),
                        html(capital(one_line(head.warning, 600))));
  text += guidance(run.failure, "");
  return text + verdict_bar(run.tally, "vbar") + legend(run) + "</section>\n";
}

std::string attention(const RunRecord& run, const Excerpts& excerpts,
                      const std::vector<std::string>& anchors) {
  const auto list = causes(run);
  if (list.empty()) return {};
  std::string cards;
  for (std::size_t i = 0; i < std::min(list.size(), kMostCauses); ++i)
    cards += card(run, list[i], excerpts, anchors);
  std::string more;
  if (list.size() > kMostCauses)
    more = fmt::format("<p class=\"more\">{} more below.</p>",
                       count_of(list.size() - kMostCauses, "cause"));
  return "<section class=\"attention\"><h2>Needs attention</h2><ul>" + cards + "</ul>" + more +
         "</section>\n";
}

std::string not_tested(const RunRecord& run, const std::vector<std::string>& anchors) {
  std::vector<std::pair<std::string, Cause>> list;
  for (const auto verdict : {Verdict::not_run, Verdict::skip})
    for (std::size_t i = 0; i < run.cases.size(); ++i) {
      if (run.cases[i].verdict != verdict) continue;
      const auto reason = why(run.cases[i]);
      auto it = std::find_if(list.begin(), list.end(), [&](const auto& known) {
        return known.first == reason && known.second.verdict == verdict;
      });
      if (it == list.end()) it = list.insert(list.end(), {reason, {verdict, {}}});
      it->second.cases.push_back(i);
    }
  std::string rows;
  for (std::size_t i = 0; i < std::min(list.size(), kMostCauses); ++i)
    rows +=
        fmt::format("<li>{}<span>{}: {}</span></li>", verdict_icon(list[i].second.verdict),
                    case_links(run, list[i].second, anchors), html(one_line(list[i].first, 300)));
  if (list.size() > kMostCauses)
    rows += fmt::format("<li class=\"more\">{} more below</li>",
                        count_of(list.size() - kMostCauses, "reason"));
  if (rows.empty()) return rows;
  return "<section class=\"untested\"><h2>Not tested</h2><ul>" + rows + "</ul></section>\n";
}

std::string all_measurements(const RunRecord& run, const std::vector<std::string>& anchors) {
  std::string rows;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < run.cases.size(); ++i)
    for (const auto& made : run.cases[i].telling().measurements) {
      if (++shown > kMostMeasurements) break;
      rows += measurement_row(made, fmt::format("<a href=\"#{}\">{}</a>", anchors[i],
                                                breakable(run.cases[i].full_name())));
    }
  if (rows.empty()) return rows;
  if (shown > kMostMeasurements) rows += "<tr><td colspan=\"5\">More are in the cases.</td></tr>";
  return "<section class=\"figures\"><h2>Measurements</h2><table class=\"meas\"><tbody>" + rows +
         "</tbody></table></section>\n";
}

std::string timeline(const RunRecord& run, const std::vector<std::string>& anchors) {
  const double total = std::max(run.seconds, 1e-3);
  std::string rows;
  std::size_t segments = 0;
  for (const auto& suite : run.suites) {
    std::string lane;
    for (const auto index : suite.cases)
      for (const auto& attempt : run.cases[index].attempts)
        if (attempt.started && ++segments <= kMostSegments)
          lane += segment(run.cases[index], attempt, anchors[index], total);
    if (lane.empty()) continue;
    rows += fmt::format(
        "<li><span class=\"lname\">{}</span><svg class=\"lane\" viewBox=\"0 0 1000 22\" "
        "preserveAspectRatio=\"none\" role=\"group\" aria-label=\"Cases of {} over time\">{}</svg>"
        "</li>",
        html(one_line(suite.name, 60)), html(one_line(suite.name, 60)), lane);
  }
  if (segments < 2) return {};
  return fmt::format(
      "<section class=\"time\"><h2>Where the time went <small>a notch is a "
      "boot</small></h2><ol>{}</ol><p class=\"axis\"><span>0"
      "</span><span>{}</span><span>{}</span></p></section>\n",
      rows, span(total / 2), span(total));
}

std::string run_facts(const RunRecord& run, const RunFolder& folder) {
  std::string text = "<section class=\"facts\"><h2>This run</h2>";
  if (!run.argv.empty()) {
    std::vector<std::string> words;
    for (const auto& word : run.argv) words.push_back(shell_word(word));
    text += command(clipped(join(words, " "), 4000));
  }
  text += "<div class=\"grid\">" + fact_group(run, "image", "Image") +
          fact_group(run, "device", "Device") + fact_group(run, "profile", "OS profile") +
          fact_group(run, "bench", "Bench") + fact_group(run, "versions", "Versions") +
          suite_facts(run) + fact_group(run, "run", "Run") + "</div>";
  const auto outside = waterfall(run.outside, 0, run.seconds);
  if (!outside.empty())
    text += "<details class=\"try\"><summary>" + icon("chevron") +
            "<span>Steps outside of cases</span></summary><div>" + outside + "</div></details>";
  const auto said = notes(run.outside, 0);
  if (!said.empty()) text += "<h3>Notes</h3>" + said;
  std::string warnings;
  for (const auto& warning : run.warnings)
    warnings += fmt::format("<li class=\"warn\"><span></span><span>{}</span></li>",
                            html(one_line(warning, 300)));
  if (!warnings.empty())
    text += "<h3>About the log</h3><ol class=\"moments\">" + warnings + "</ol>";
  text += "<h3>Evidence</h3><ul class=\"files\">" + evidence(folder) + "</ul>";
  return text + artifacts(run.outside, folder) + "</section>\n";
}

}  // namespace seatrial::reports::page
