// SPDX-License-Identifier: Apache-2.0
#include "reports/junit/junit.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "reports/escape.hpp"
#include "reports/excerpt.hpp"
#include "reports/headline.hpp"
#include "reports/trail.hpp"

namespace seatrial::reports {
namespace {
using model::Verdict;

constexpr std::size_t kMostPerCase = 24u << 10;
/// Above this the step trails and consoles of further cases are left out; GitLab's limit is 30 MB.
constexpr std::size_t kMostDetail = 20u << 20;

struct Counts {
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  void add(Verdict verdict) {
    ++tests;
    failures += verdict == Verdict::fail || verdict == Verdict::flaky;
    errors += verdict == Verdict::error || verdict == Verdict::timeout;
    skipped += verdict == Verdict::skip || verdict == Verdict::not_run;
  }
  Counts& operator+=(const Counts& other) {
    tests += other.tests, failures += other.failures;
    errors += other.errors, skipped += other.skipped;
    return *this;
  }
};

/// Readers refuse or lose what has no name.
std::string named(std::string_view name, std::size_t most) {
  auto text = one_line(name, most);
  return text.empty() ? "unnamed" : text;
}

class Writer {
 public:
  Writer(const RunRecord& run, const RunFolder& folder)
      : run_(run), folder_(folder), excerpts_(run, folder) {}

  std::string document() {
    Counts all;
    std::string suites;
    for (const auto& suite : run_.suites)
      if (!suite.cases.empty()) suites += suite_element(suite, all);
    suites += run_element(all);
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"seatrial {}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
        "time=\"{:.3f}\">\n{}</testsuites>\n",
        xml_attribute(one_line(run_.id, 120)), all.tests, all.failures, all.errors,
        std::max(0.0, run_.seconds), suites);
  }

 private:
  std::string suite_element(const Suite& suite, Counts& all) {
    Counts counts;
    std::string cases;
    for (const auto index : suite.cases) {
      counts.add(run_.cases[index].verdict);
      case_element(run_.cases[index], cases);
    }
    all += counts;
    return suite_begin(suite.name, counts, suite.seconds) + properties(suite) + cases +
           "  </testsuite>\n";
  }

  std::string suite_begin(const std::string& name, const Counts& counts, double seconds) const {
    const std::string host = one_line(run_.fact("bench", "name"), 100);
    return fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
        "time=\"{:.3f}\" timestamp=\"{}\"{}>\n",
        xml_attribute(named(name, 200)), counts.tests, counts.failures, counts.errors,
        counts.skipped, std::max(0.0, seconds), xml_attribute(timestamp()),
        host.empty() ? "" : fmt::format(" hostname=\"{}\"", xml_attribute(host)));
  }

  /// "2026-03-01T12:00:00": seconds only, without a zone, as readers of this format expect.
  std::string timestamp() const {
    return run_.started_wall.size() >= 19 ? run_.started_wall.substr(0, 19) : run_.started_wall;
  }

  std::string properties(const Suite& suite) const {
    std::string list = "    <properties>\n";
    const auto add = [&list](const std::string& name, const std::string& value) {
      if (value.empty()) return;
      fmt::format_to(std::back_inserter(list), "      <property name=\"{}\" value=\"{}\"/>\n",
                     xml_attribute(one_line(name, 100)), xml_attribute(one_line(value, 500)));
    };
    add("run", run_.id);
    add("suite.digest", suite.digest);
    add("mutant", run_.mutant);
    for (const auto& fact : run_.facts)
      if (fact.group != "run") add(fact.group + "." + fact.name, fact.value);
    for (const auto index : suite.cases)
      for (const auto& attempt : run_.cases[index].attempts)
        for (const auto& made : attempt.measurements)
          add("measured." + run_.cases[index].name + "." + made.name, measurement_text(made));
    return list + "    </properties>\n";
  }

  void case_element(const Case& of, std::string& into) {
    const auto out = std::back_inserter(into);
    fmt::format_to(out, "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                   xml_attribute(named(of.suite, 200)), xml_attribute(named(of.name, 300)),
                   std::max(0.0, of.seconds()));
    const std::string result = result_of(of);
    const std::string trail = trail_of(of);
    detail_ += result.size() + trail.size();
    if (result.empty() && trail.empty()) {
      into += "/>\n";
      return;
    }
    into += ">\n" + result;
    if (!trail.empty()) fmt::format_to(out, "      <system-out>{}</system-out>\n", html(trail));
    into += "    </testcase>\n";
  }

  static std::string type_of(const Attempt& attempt) {
    if (attempt.verdict == Verdict::timeout) return "timeout";
    return attempt.failure ? attempt.failure->code() : std::string(to_string(attempt.verdict));
  }

  std::string message_of(const Attempt& attempt) const {
    std::string text = why(attempt);
    if (attempt.failure && attempt.verdict != Verdict::skip)
      text += fmt::format(" [blame: {}]", to_string(attempt.failure->blame()));
    return text;
  }

  std::string child(std::string_view element, const std::string& type, const std::string& message,
                    const std::string& text) const {
    return fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n", element,
                       xml_attribute(one_line(type, 120)), xml_attribute(one_line(message, 600)),
                       html(clipped(text, detail_ > kMostDetail ? 1000 : kMostPerCase)));
  }

  std::string result_of(const Case& of) const {
    const Attempt& telling = of.telling();
    switch (of.verdict) {
      case Verdict::pass: return {};
      case Verdict::skip:
      case Verdict::not_run: {
        const auto words = std::string(to_string(of.verdict)) + ": " + why(telling);
        return fmt::format("      <skipped message=\"{}\"/>\n",
                           xml_attribute(one_line(words, 600)));
      }
      case Verdict::flaky: return flaky(of);
      case Verdict::fail:
        return child("failure", type_of(telling), message_of(telling), failure_text(telling)) +
               reruns(of, telling);
      case Verdict::error:
      case Verdict::timeout: break;
    }
    return child("error", type_of(telling), message_of(telling), failure_text(telling)) +
           reruns(of, telling);
  }

  std::string flaky(const Case& of) const {
    const Attempt& telling = of.telling();
    return child("failure", "flaky", "flaky: " + why(of), failure_text(telling)) +
           reruns(of, telling);
  }

  /// The other attempts that are not green.
  std::string reruns(const Case& of, const Attempt& shown) const {
    std::string all;
    for (const auto& attempt : of.attempts) {
      if (&attempt == &shown || attempt.verdict == Verdict::pass || why(attempt).empty()) continue;
      all +=
          child(attempt.verdict == Verdict::fail ? "rerunFailure" : "rerunError", type_of(attempt),
                fmt::format("attempt {}: {}", attempt.number, message_of(attempt)),
                failure_text(attempt));
    }
    return all;
  }

  std::string trail_of(const Case& of) const {
    if (detail_ > kMostDetail) return {};
    std::string text;
    for (const auto& attempt : of.attempts) {
      if (of.attempts.size() > 1)
        text += fmt::format("attempt {}: {}\n", attempt.number, verdict_words(attempt.verdict));
      text += trail_text(attempt, attempt.verdict == Verdict::pass ? 20 : 60);
      const bool red = attempt.verdict != Verdict::pass && attempt.verdict != Verdict::skip;
      const auto console = red ? console_text(excerpts_.of(attempt), attempt.at) : std::string();
      if (!console.empty()) text += "\nconsole:\n" + console;
      for (const auto& file : attempt.artifacts)
        if (folder_.has_file(file.path))
          text += fmt::format("[[ATTACHMENT|{}]]\n",
                              one_line(folder_.seen_from_here(file.path).string(), 400));
    }
    if (!text.empty()) text += "\nrepeat with: " + repeat_command(run_, of) + "\n";
    return clipped(text, kMostPerCase);
  }

  /// Present only when nothing above is red and the run proves nothing all the same.
  std::string run_element(Counts& all) const {
    if (run_.exit_code() == model::exit_proven || all.failures + all.errors > 0) return {};
    Counts counts;
    counts.add(Verdict::error);
    all += counts;
    const auto head = headline(run_);
    const std::string what = head.warning.empty() ? head.sentence : head.warning;
    std::string text = what + "\n";
    if (run_.failure)
      text +=
          fmt::format("whose fault: {} ({})\nwhat to do:  {}\n", blame_words(run_.failure->blame()),
                      run_.failure->code(), run_.failure->advice());
    return suite_begin("seatrial", counts, 0) +
           "    <testcase classname=\"seatrial\" name=\"the_run_ended_well\" time=\"0\">\n" +
           child("error", run_.failure ? run_.failure->code() : "run.incomplete", what, text) +
           "    </testcase>\n  </testsuite>\n";
  }

  const RunRecord& run_;
  const RunFolder& folder_;
  Excerpts excerpts_;
  std::size_t detail_ = 0;
};

}  // namespace

std::string render_junit(const RunRecord& run, const RunFolder& folder) {
  return Writer(run, folder).document();
}

}  // namespace seatrial::reports
