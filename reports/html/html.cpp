// SPDX-License-Identifier: Apache-2.0
#include "reports/html/html.hpp"

#include <fmt/format.h>

#include <iterator>

#include "reports/escape.hpp"
#include "reports/excerpt.hpp"
#include "reports/headline.hpp"
#include "reports/html/assets.hpp"
#include "reports/html/case.hpp"
#include "reports/html/overview.hpp"
#include "reports/html/pieces.hpp"

namespace seatrial::reports {
namespace {
using model::Verdict;

std::string head_of(const RunRecord& run) {
  const auto head = headline(run);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; "
      "script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"generator\" content=\"Seatrial\">\n<title>{}: {} - {}</title>\n"
      "<style>{}</style>\n<script>{}</script>\n</head>\n",
      style_digest(), script_digest(), html(head.word), html(head.sentence), html(subject(run)),
      page_style(), page_script());
}

std::string masthead(const RunRecord& run) {
  return fmt::format(
      "<body>\n<a class=\"skip\" href=\"#cases\">To the cases</a>\n{}<header class=\"top\">"
      "<div class=\"wrap\"><span class=\"brand\">{}Seatrial</span><span class=\"run\">run "
      "<code>{}</code></span><button type=\"button\" id=\"theme\" class=\"js\">{}<span>Theme</span>"
      "</button></div></header>\n<main class=\"wrap\">\n",
      page::icon_sheet(), page::icon("mark"), html(one_line(run.id, 100)), page::icon("theme"));
}

/// Buttons that only work with script; hidden without it.
std::string toolbar(const RunRecord& run) {
  std::string chips;
  for (const auto verdict : verdicts_by_weight())
    if (const auto n = run.tally.of(verdict))
      chips += fmt::format(
          "<button type=\"button\" class=\"chip v-{0}\" data-v=\"{0}\" aria-pressed=\"false\">{1}"
          "{2} <b>{3}</b></button>",
          to_string(verdict), page::icon(to_string(verdict)), verdict_words(verdict), n);
  return fmt::format(
      "<div class=\"tools js\" role=\"search\"><input type=\"search\" id=\"find\" "
      "placeholder=\"Find a case, a step, a word\" aria-label=\"Find\"><span class=\"chips\">{}"
      "</span><button type=\"button\" id=\"all\">Open all</button><span id=\"shown\" "
      "role=\"status\" "
      "aria-live=\"polite\"></span></div>\n",
      chips);
}

class Page {
 public:
  Page(const RunRecord& run, const RunFolder& folder)
      : run_(run), folder_(folder), excerpts_(run, folder), anchors_(page::anchors(run)) {}

  std::string text() {
    text_ = head_of(run_) + masthead(run_) + page::hero(run_) +
            page::attention(run_, excerpts_, anchors_) + page::not_tested(run_, anchors_) +
            page::timeline(run_, anchors_);
    if (!run_.cases.empty()) {
      text_ += "<section id=\"cases\"><h2>Cases</h2>\n" + toolbar(run_);
      for (const auto& suite : run_.suites)
        if (!suite.cases.empty()) add_suite(suite);
      text_ += "<p class=\"none\" hidden>Nothing matches.</p></section>\n";
    }
    text_ += page::all_measurements(run_, anchors_) + page::run_facts(run_, folder_);
    const auto version = run_.fact("versions", "seatrial");
    text_ += fmt::format(
        "</main>\n<footer class=\"wrap\">Made by Seatrial{} from the events of the run. Times "
        "in a case are minutes and seconds since it began.</footer>\n</body>\n</html>\n",
        version.empty() ? "" : " " + html(one_line(version, 40)));
    return std::move(text_);
  }

 private:
  void add_suite(const Suite& suite) {
    fmt::format_to(std::back_inserter(text_),
                   "<section class=\"suite\"><header><h3>{}</h3>{}<span class=\"count\">{}</span>"
                   "<span class=\"dur\">{}</span></header>\n",
                   html(one_line(suite.name, 100)), page::verdict_bar(suite.tally, "sbar"),
                   count_of(suite.cases.size(), "case"),
                   suite.seconds > 0 ? span(suite.seconds) : "");
    for (const auto index : suite.cases) {
      const auto& of = run_.cases[index];
      const bool green = of.verdict == Verdict::pass;
      const bool red = !green && of.verdict != Verdict::skip && of.verdict != Verdict::not_run;
      text_ +=
          page::case_section(of, {.run = run_,
                                  .folder = folder_,
                                  .excerpts = excerpts_,
                                  .anchor = anchors_[index],
                                  .with_details = text_.size() < (green ? kMostPassing : kMostPage),
                                  .open = red && !opened_});
      opened_ = opened_ || red;
    }
    text_ += "</section>\n";
  }

  const RunRecord& run_;
  const RunFolder& folder_;
  Excerpts excerpts_;
  std::vector<std::string> anchors_;
  std::string text_;
  bool opened_ = false;
};

}  // namespace

std::string render_html(const RunRecord& run, const RunFolder& folder) {
  return Page(run, folder).text();
}

}  // namespace seatrial::reports
