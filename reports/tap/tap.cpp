// SPDX-License-Identifier: Apache-2.0
#include "reports/tap/tap.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "reports/escape.hpp"
#include "reports/excerpt.hpp"
#include "reports/headline.hpp"
#include "reports/trail.hpp"

namespace seatrial::reports {
namespace {
using model::Verdict;

/// A description: '#' begins a directive and '\' escapes, so both are escaped.
std::string described(std::string_view text) {
  std::string safe;
  for (const char c : one_line(text, 300)) {
    if (c == '#' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe;
}

/// A double-quoted YAML scalar; JSON strings are a subset of them.
std::string yaml_text(std::string_view text) { return nlohmann::json(plain(text)).dump(); }

std::string yaml_number(double value) {
  return std::isfinite(value) ? number_text(value) : yaml_text(number_text(value));
}

void block(std::string& into, std::string_view indent, std::string_view key,
           const std::string& text) {
  if (text.empty()) return;
  into += fmt::format("{}  {}: |2\n", indent, key);
  // The "2" says how far the block is indented: its first line may itself begin with blanks.
  std::string clean = plain(text);
  while (!clean.empty() && clean.back() == '\n') clean.pop_back();
  for (const auto& line : split(clean, '\n')) into += fmt::format("{}    {}\n", indent, line);
}

bool is_ok(Verdict verdict) {
  return verdict == Verdict::pass || verdict == Verdict::skip || verdict == Verdict::not_run;
}

std::string diagnostics(const RunRecord& run, const Case& of, const Excerpts& excerpts,
                        std::string_view indent) {
  const Attempt& telling = of.telling();
  std::string text = fmt::format("{0}---\n{0}verdict: {1}\n{0}duration_ms: {2:.0f}\n", indent,
                                 to_string(of.verdict), of.seconds() * 1000);
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) text += fmt::format("{}{}: {}\n", indent, key, yaml_text(value));
  };
  if (of.attempts.size() > 1)
    text += fmt::format("{}attempts: {{passed: {}, of: {}}}\n", indent, of.passed_attempts(),
                        of.attempts.size());
  if (!is_ok(of.verdict)) {
    add("message", one_line(why(of), 400));
    if (telling.failure) {
      add("code", telling.failure->code());
      add("blame", to_string(telling.failure->blame()));
      add("advice", telling.failure->advice());
    }
    const auto inner = indent.substr(2);
    block(text, inner, "failure", failure_text(telling));
    block(text, inner, "steps", trail_text(telling, 40));
    block(text, inner, "console", console_text(excerpts.of(telling), telling.at));
    add("repeat", repeat_command(run, of));
  }
  if (!telling.measurements.empty()) {
    text += fmt::format("{}measurements:\n", indent);
    for (const auto& made : telling.measurements)
      text +=
          fmt::format("{}  - {{name: {}, value: {}, unit: {}, ok: {}}}\n", indent,
                      yaml_text(made.name), yaml_number(made.value), yaml_text(made.unit), made.ok);
  }
  return text + fmt::format("{}...\n", indent);
}

std::string point(const RunRecord& run, const Case& of, const Excerpts& excerpts, std::size_t n) {
  std::string line =
      fmt::format("    {} {} - {}", is_ok(of.verdict) ? "ok" : "not ok", n, described(of.name));
  if (of.verdict == Verdict::skip || of.verdict == Verdict::not_run)
    line += fmt::format(" # SKIP {}{}", of.verdict == Verdict::not_run ? "not run: " : "",
                        described(why(of)));
  return line + "\n" + diagnostics(run, of, excerpts, "      ");
}

}  // namespace

std::string render_tap(const RunRecord& run, const RunFolder& folder) {
  const Excerpts excerpts(run, folder);
  const auto head = headline(run);
  std::string body;
  std::size_t points = 0;
  bool red = false;
  for (const auto& suite : run.suites) {
    if (suite.cases.empty()) continue;
    body += fmt::format("# Subtest: {}\n    1..{}\n", described(suite.name), suite.cases.size());
    bool ok = true;
    std::size_t n = 0;
    for (const auto index : suite.cases) {
      body += point(run, run.cases[index], excerpts, ++n);
      ok = ok && is_ok(run.cases[index].verdict);
    }
    body += fmt::format("{} {} - {}\n", ok ? "ok" : "not ok", ++points, described(suite.name));
    red = red || !ok;
  }
  if (!red && run.exit_code() != model::exit_proven)
    body += fmt::format("not ok {} - the run proves it\n  ---\n  message: {}\n  ...\n", ++points,
                        yaml_text(one_line(head.sentence + ". " + head.warning, 400)));
  return fmt::format("TAP version 14\n# {}: {}\n# run {}: {}\n1..{}\n{}", head.word, head.sentence,
                     one_line(run.id, 100), subject(run), points, body);
}

}  // namespace seatrial::reports
