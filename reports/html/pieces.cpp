// SPDX-License-Identifier: Apache-2.0
#include "reports/html/pieces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <set>

#include "reports/escape.hpp"
#include "reports/headline.hpp"
#include "reports/trail.hpp"

namespace seatrial::reports::page {
using model::Verdict;

namespace {

struct Picture {
  std::string_view name, shape;
};
/// Drawn on 16 x 16 in the colour of the text. Every verdict has a shape of its own: colour is
/// never the only sign.
constexpr std::array kPictures{
    Picture{"pass", "<path d='M3.2 8.6l3 3 6.6-7'/>"},
    Picture{"fail", "<path d='M4 4l8 8M12 4l-8 8'/>"},
    Picture{"flaky", "<path d='M2 10c2-6 4-6 6-2s4 4 6-2'/>"},
    Picture{"error", "<path d='M8 2.8v6.4M8 12.6v.4'/>"},
    Picture{"timeout", "<circle cx='8' cy='8.6' r='5.2'/><path d='M8 5.6v3.2l2 1.4M6 1.6h4'/>"},
    Picture{"not_run", "<circle cx='8' cy='8' r='4.6'/>"},
    Picture{"skip", "<path d='M3.5 8h9'/>"},
    Picture{"mark",
            "<path d='M2 11.5c1.5 1.6 3 1.6 4 0 1 1.6 3 1.6 4 0 1 1.6 2.5 1.6 4 0M8 9V2"
            "l4.5 6H8M6 3.5L3.5 8'/>"},
    Picture{"theme",
            "<circle cx='8' cy='8' r='5.4'/><path d='M8 2.6a5.4 5.4 0 010 10.8z' "
            "fill='currentColor'/>"},
    Picture{"chevron", "<path d='M6 3.5L10.5 8 6 12.5'/>"},
    Picture{"copy",
            "<rect x='5.5' y='5.5' width='7.5' height='8' rx='1.2'/><path "
            "d='M3 10.5v-7A1.2 1.2 0 014.2 2.3H10'/>"},
    Picture{"power", "<path d='M8 2v5M4.8 4.2a5 5 0 106.4 0'/>"},
    Picture{"boot", "<path d='M3.5 8a4.5 4.5 0 108-2.8M12 2v3.5H8.5'/>"},
    Picture{"file", "<path d='M4 1.8h5l3 3v9.4H4zM9 1.8v3h3'/>"},
    Picture{"warn", "<path d='M8 2L1.8 13.5h12.4zM8 6.5v3.2M8 11.6v.3'/>"},
};

}  // namespace

std::string icon_sheet() {
  std::string sheet = "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" class=\"sheet\">";
  for (const auto& [name, shape] : kPictures)
    sheet += fmt::format("<symbol id=\"i-{}\" viewBox=\"0 0 16 16\">{}</symbol>", name, shape);
  return sheet + "</svg>\n";
}

std::string icon(std::string_view name) {
  return fmt::format("<svg class=\"i\" aria-hidden=\"true\"><use href=\"#i-{}\"/></svg>", name);
}

std::string verdict_icon(Verdict verdict) {
  return fmt::format("<span class=\"vi v-{0}\">{1}<span class=\"sr\">{2}</span></span>",
                     to_string(verdict), icon(to_string(verdict)), verdict_words(verdict));
}

std::string verdict_badge(Verdict verdict) {
  return fmt::format("<span class=\"badge v-{}\">{}</span>", to_string(verdict),
                     verdict_words(verdict));
}

std::string blame_badge(Blame blame) {
  return fmt::format("<span class=\"blame b-{}\">{}</span>", to_string(blame), blame_words(blame));
}

std::string verdict_bar(const model::Tally& tally, std::string_view css_class) {
  const std::size_t total = tally.total();
  if (total == 0) return {};
  std::string rects, words;
  double x = 0;
  for (const auto verdict : verdicts_by_weight()) {
    const std::size_t n = tally.of(verdict);
    if (n == 0) continue;
    // A single red case among thousands must stay visible.
    const double width =
        std::max(1000.0 * static_cast<double>(n) / static_cast<double>(total), 6.0);
    rects += fmt::format("<rect class=\"f-{}\" x=\"{:.1f}\" width=\"{:.1f}\" height=\"10\"/>",
                         to_string(verdict), x, std::max(width - 3, 3.0));
    x += width;
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", n, verdict_words(verdict));
  }
  return fmt::format(
      "<svg class=\"{}\" viewBox=\"0 0 {:.1f} 10\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"{}\">{}</svg>",
      css_class, x - 3, words, rects);
}

std::string bar(const Bar& shown) {
  const double scale = shown.most > 0 ? 100 / shown.most : 0;
  const auto place = [scale](double value) {
    return std::isfinite(value) ? std::clamp(value * scale, 0.0, 100.0) : 0.0;
  };
  const double from = place(shown.from);
  const double width = std::max(place(shown.to) - from, 0.6);
  std::string svg = fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      "<rect class=\"{}\" x=\"{:.2f}\" width=\"{:.2f}\" height=\"8\"/>",
      shown.css_class, std::min(from, 99.4), width);
  if (shown.limit > 0 && place(shown.limit) < 100)
    svg += fmt::format("<rect class=\"tick\" x=\"{:.2f}\" width=\".8\" height=\"8\"/>",
                       place(shown.limit));
  return svg + "</svg>";
}

std::string measurement_row(const Measurement& made, const std::string& where) {
  const bool limited = made.limit_kind != Measurement::Limit::none;
  const double value = std::isfinite(made.value) ? std::abs(made.value) : 0;
  const double most = std::max({value, limited ? made.limit * 1.25 : 0.0, 1e-12});
  const std::string unit = made.unit.empty() ? "" : " " + html(one_line(made.unit, 20));
  return fmt::format(
      "<tr class=\"{}\">{}<th scope=\"row\">{}</th><td class=\"n\">{}{}</td><td class=\"w\">{}</td>"
      "<td>{}</td></tr>",
      made.ok ? "ok" : "bad", where.empty() ? "" : "<td class=\"from\">" + where + "</td>",
      breakable(made.name, 120), number_text(made.value), unit,
      limited ? bar({.to = value,
                     .most = most,
                     .limit = made.limit,
                     .css_class = made.ok ? "f-pass" : "f-fail"})
              : "",
      limited ? fmt::format("{} {}{}",
                            made.limit_kind == Measurement::Limit::at_most ? "at most" : "at least",
                            number_text(made.limit), unit)
              : "no limit");
}

std::vector<std::string> anchors(const RunRecord& run) {
  std::vector<std::string> list;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < run.cases.size(); ++i) {
    std::string anchor = run.cases[i].full_name().substr(0, 120);
    const bool harmless = std::all_of(anchor.begin(), anchor.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '.' || c == '-';
    });
    // The prefix keeps a case from taking the name of a part of the page.
    anchor = harmless ? "case-" + anchor : fmt::format("case-{}", i);
    if (!taken.insert(anchor).second) anchor = fmt::format("case-{}", i);
    taken.insert(anchor);
    list.push_back(std::move(anchor));
  }
  return list;
}

std::string breakable(std::string_view name, std::size_t most) {
  std::string text;
  for (const char c : html(one_line(name, most))) {
    text += c;
    if (c == '_' || c == '.') text += "<wbr>";
  }
  return text;
}

std::string file_link(std::string_view path, std::string_view shown) {
  const auto url = relative_url(path);
  if (!url) return fmt::format("<span>{}</span>", html(one_line(shown, 200)));
  return fmt::format("<a href=\"{}\">{}</a>", html(*url), html(one_line(shown, 200)));
}

std::string command(std::string_view line) {
  return fmt::format(
      "<div class=\"cmd\"><code>{}</code><button type=\"button\" class=\"copy js\" "
      "title=\"Copy\">{}<span class=\"sr\">Copy the command</span></button></div>",
      html(line), icon("copy"));
}

std::string capital(std::string text) {
  const auto word = text.substr(0, text.find(' '));
  const bool plain_word =
      std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (plain_word && !word.empty()) text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string wall_time(std::string_view iso) {
  constexpr std::array<std::string_view, 12> kMonths{
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  const bool shaped = iso.size() >= 19 && iso[4] == '-' && iso[7] == '-' && iso[10] == 'T';
  const auto digits = [&](std::size_t at, std::size_t n) {
    int value = 0;
    for (std::size_t i = at; i < at + n; ++i)
      value = iso[i] >= '0' && iso[i] <= '9' && value >= 0 ? value * 10 + (iso[i] - '0') : -1;
    return value;
  };
  const int month = shaped ? digits(5, 2) : 0;
  if (month < 1 || month > 12) return one_line(iso, 40);
  return fmt::format("{} {} {}, {} UTC", digits(8, 2), kMonths[static_cast<std::size_t>(month - 1)],
                     digits(0, 4), one_line(iso.substr(11, 8), 12));
}

std::string clock_time(double seconds) {
  if (!std::isfinite(seconds)) return "?";
  const bool before = seconds < 0;
  const double value = std::min(std::abs(seconds), 1e7);
  const auto tenths = static_cast<long>(std::lround(value * 10));
  return fmt::format("{}{}:{:02}.{}", before ? "-" : "", tenths / 600, tenths / 10 % 60,
                     tenths % 10);
}

}  // namespace seatrial::reports::page
