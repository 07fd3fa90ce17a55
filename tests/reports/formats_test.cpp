// SPDX-License-Identifier: Apache-2.0
// What each format promises its reader, on runs made for the purpose. The whole text of reports of
// recorded runs is in golden_test.cpp.
#include "reports/format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "reports/headline.hpp"
#include "tests/reports/run_builder.hpp"

namespace seatrial::reports {
namespace {
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

/// Markdown without its code, fenced or in a line: the part in which text can be markup.
std::string outside_of_code(const std::string& markdown) {
  std::string rest;
  for (std::size_t at = 0; at < markdown.size();) {
    const auto tick = std::min(markdown.find('`', at), markdown.size());
    rest += markdown.substr(at, tick - at);
    const auto run = std::min(markdown.find_first_not_of('`', tick), markdown.size()) - tick;
    at = tick + run;
    if (run == 0 || (tick > 0 && markdown[tick - 1] == '\\')) continue;
    // Code ends at a run of exactly as many ticks.
    for (auto end = markdown.find('`', at); end != std::string::npos;) {
      const auto after = std::min(markdown.find_first_not_of('`', end), markdown.size());
      if (after - end == run) {
        at = after;
        break;
      }
      end = markdown.find('`', after);
    }
  }
  return rest;
}

TEST(Formats, the_table_is_complete_and_unknown_names_get_a_suggestion) {
  for (const auto& format : formats()) {
    EXPECT_EQ(find_format(format.name), &format);
    EXPECT_FALSE(format.doc.empty());
    EXPECT_FALSE(format.file.empty());
  }
  const auto wrong = write_reports("/nonexistent", {"junti"});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code(), "usage.unknown_format");
  EXPECT_THAT(wrong.error().advice(), HasSubstr("did you mean junit"));
}

TEST(Formats, reports_are_written_whole_and_replace_older_ones) {
  RunBuilder build;
  every_verdict(build);
  build.write();
  std::ofstream(build.folder() / "junit.xml") << "old";
  const auto written = write_reports(build.folder(), {"all"});
  ASSERT_TRUE(written.has_value()) << written.error().describe();
  EXPECT_EQ(written->size(), formats().size());
  for (const auto& path : *written) EXPECT_GT(std::filesystem::file_size(path), 100u) << path;
  for (const auto& entry : std::filesystem::directory_iterator(build.folder()))
    EXPECT_THAT(entry.path().string(), Not(HasSubstr(".tmp")));
}

TEST(Formats, a_report_that_cannot_be_written_says_why) {
  RunBuilder build;
  every_verdict(build);
  build.write();
  std::filesystem::create_directory(build.folder() / "junit.xml");
  const auto written = write_reports(build.folder(), {"junit"});
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code(), "report.not_written");
}

TEST(Ctrf, every_verdict_maps_as_documented) {
  RunBuilder build;
  every_verdict(build);
  const auto report = json::parse(render("ctrf", build));
  EXPECT_EQ(report["reportFormat"], "CTRF");
  const auto& results = report["results"];
  const auto& summary = results["summary"];
  EXPECT_EQ(summary["tests"], 7);
  EXPECT_EQ(summary["passed"].get<int>() + summary["failed"].get<int>() +
                summary["skipped"].get<int>() + summary["pending"].get<int>() +
                summary["other"].get<int>(),
            7);
  std::map<std::string, std::string> status;
  for (const auto& test : results["tests"]) {
    status[test["rawStatus"]] = test["status"];
    EXPECT_TRUE(test["duration"].is_number_integer());
  }
  EXPECT_EQ(status, (std::map<std::string, std::string>{{"pass", "passed"},
                                                        {"fail", "failed"},
                                                        {"flaky", "failed"},
                                                        {"error", "other"},
                                                        {"timeout", "other"},
                                                        {"skip", "skipped"},
                                                        {"not_run", "pending"}}));
  EXPECT_EQ(results["tests"][6]["flaky"], true);
  EXPECT_EQ(results["tests"][6]["retryAttempts"].size(), 2u);
  EXPECT_EQ(results["environment"]["healthy"], false);
  EXPECT_EQ(summary["start"], 1'772'366'400'000) << "2026-03-01T12:00:00Z";
  EXPECT_EQ(results["tests"][1]["start"], 1'772'366'401'000);
  EXPECT_EQ(results["tests"][1]["stdout"].size(), 1u) << "a line is an element";
}

TEST(Kcidb, every_attempt_is_a_test_of_the_build_and_figures_are_numbers) {
  RunBuilder build;
  build.start({"s.a b", "s.never"}).begin("s.a b");
  build.event("measurement", {{"name", "boot"}, {"value", 12.5}, {"unit", "s"}});
  build.end("error").begin("s.a b", 2).end("pass").finish();
  const auto report = json::parse(render("kcidb", build));
  EXPECT_EQ(report["version"], (json{{"major", 5}, {"minor", 3}}));
  std::vector<std::string> statuses;
  for (const auto& test : report["tests"]) {
    EXPECT_EQ(test["build_id"], report["builds"][0]["id"]);
    EXPECT_EQ(test["id"].get<std::string>().rfind("seatrial:", 0), 0u);
    EXPECT_TRUE(std::regex_match(test["path"].get<std::string>(),
                                 std::regex("([a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*)?")));
    statuses.push_back(test["status"]);
  }
  EXPECT_THAT(statuses, testing::ElementsAre("ERROR", "DONE", "PASS", "MISS"));
  EXPECT_EQ(report["tests"][1]["number"], (json{{"value", 12.5}, {"unit", "s"}}));
  EXPECT_EQ(report["builds"][0]["checkout_id"], report["checkouts"][0]["id"]);
}

TEST(Github, failures_point_at_the_suite_and_ten_speak_for_all) {
  RunBuilder build;
  build.start({});
  for (int i = 0; i < 30; ++i) {
    build.begin("s.c" + std::to_string(i));
    build.event("assertion",
                {{"ok", false}, {"text", "a\nb"}, {"file", "suites/s.cpp"}, {"line", i}});
    build.end("fail");
  }
  const auto text = render("github", build.finish());
  std::size_t errors = 0;
  for (auto at = text.find("::error "); at != std::string::npos; at = text.find("::error ", at + 1))
    ++errors;
  EXPECT_EQ(errors, 10u);
  EXPECT_THAT(text, HasSubstr("::error file=suites/s.cpp,line=3,title=s.c3 failed::a b%0AWhose"));
  EXPECT_THAT(text, HasSubstr("21 cases more"));
}

TEST(Github, a_good_run_is_told_in_one_line) {
  RunBuilder build;
  EXPECT_EQ(render("github", build.start({"s.a"}).begin("s.a").end("pass").finish()),
            "::notice title=seatrial::Go: 1 of 1 case passed.\n");
}

TEST(Markdown, it_fits_into_a_comment_whatever_fails) {
  RunBuilder build;
  build.start({});
  for (int i = 0; i < 900; ++i) {
    build.begin("s.case_number_" + std::to_string(i));
    build.event("assertion", {{"ok", false}, {"text", std::string(4000, 'x')}});
    build.end("fail");
  }
  const auto text = render("markdown", build.finish());
  EXPECT_LT(text.size(), 62'000u);
  EXPECT_THAT(text, HasSubstr("more are in the report"));
}

TEST(Formats, hostile_text_stays_text_in_all_of_them) {
  RunBuilder build;
  all_hostile(build);
  EXPECT_THAT(render("junit", build), Not(HasSubstr("<script")));
  const auto page = render("html", build);
  std::size_t scripts = 0;
  for (auto at = page.find("<script"); at != std::string::npos; at = page.find("<script", at + 1))
    ++scripts;
  EXPECT_EQ(scripts, 1u) << "only our own";
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("href=\"./..")));
  EXPECT_TRUE(json::accept(render("ctrf", build)));
  EXPECT_TRUE(json::accept(render("kcidb", build)));
  const auto github = render("github", build);
  EXPECT_THAT(github, Not(HasSubstr("\n::error::x"))) << "a device cannot make annotations";
  const auto markdown = outside_of_code(render("markdown", build));
  for (const auto* harm : {"@all", "<script", "<img", "</pre>", "](", "\n::error"})
    EXPECT_THAT(markdown, Not(HasSubstr(harm))) << "markup of the device";
  for (const auto& format : formats()) {
    const auto text = render(format.name, build);
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << format.name;
    EXPECT_EQ(text.find('\x01'), std::string::npos) << format.name;
    EXPECT_EQ(text.find('\xff'), std::string::npos) << format.name;
  }
}

TEST(Formats, what_was_redacted_stays_so_and_the_log_is_the_only_source) {
  RunBuilder build;
  build.start({"s.a"}, {{"argv", {"seatrial", "run", "--cloud", "https://<redacted>@api"}}});
  build.begin("s.a").console("token=<redacted>\n").end("fail").finish();
  EXPECT_THAT(render("html", build), HasSubstr("https://&lt;redacted&gt;@api"));
  EXPECT_THAT(render("html", build), HasSubstr("token=&lt;redacted&gt;"));
}

TEST(Headline, says_go_only_when_everything_chosen_was_proven) {
  const auto word = [](RunBuilder& build) {
    const auto head = headline(build.record());
    return head.word + ": " + head.sentence;
  };
  RunBuilder good, skipped, open, bad, none;
  good.start({"s.a", "s.b"}).begin("s.a").end("pass").begin("s.b").end("pass").finish();
  EXPECT_EQ(word(good), "Go: all 2 cases passed");
  skipped.start({"s.a"}).begin("s.a").end("skip", {{"reason", "x"}}).finish();
  EXPECT_EQ(word(skipped), "Not proven: every case was skipped");
  open.start({"s.a", "s.b"}).begin("s.a").end("error").finish();
  EXPECT_EQ(word(open), "Not proven: 1 of 2 cases could not be judged, 1 not run");
  bad.start({"s.a", "s.b"}).begin("s.a").end("fail").begin("s.b").end("pass").finish();
  EXPECT_EQ(word(bad), "No-go: 1 of 2 cases failed");
  EXPECT_EQ(word(none.start({}).finish()), "Not proven: no case was run");
}

TEST(RepeatCommand, names_the_mutant_of_a_proof) {
  RunBuilder build;
  build.start({"s.a"},
              {{"argv", {"seatrial", "prove", "--sample", "--device", "rpi"}}, {"mutant", "slow"}});
  const auto run = build.record();
  EXPECT_EQ(repeat_command(run, run.cases[0]), "seatrial run s.a --device rpi --mutant slow");
}

TEST(RepeatCommand, keeps_what_is_tested_and_drops_how_it_was_asked) {
  RunBuilder build;
  build.start({"s.a"}, {{"argv",
                         {"seatrial", "run", "s", "--repeat", "5", "--image", "a b.img",
                          "--device=rpi", "--format", "html", "--mutant", "slow"}}});
  const auto run = build.record();
  EXPECT_EQ(repeat_command(run, run.cases[0]),
            "seatrial run s.a --image 'a b.img' --device=rpi --mutant slow");
  EXPECT_EQ(repeat_command(run, {&run.cases[0], &run.cases[0]}),
            "seatrial run s.a s.a --image 'a b.img' --device=rpi --mutant slow");
  RunBuilder own;
  own.start({"s.a"}, {{"argv",
                       {"seatrial", "run", "--image", "a.img", "--next", "it's b.tar",
                        "--profile=ours", "--budget-scale", "2", "--device"}}});
  const auto given = own.record();
  EXPECT_EQ(
      repeat_command(given, given.cases[0]),
      "seatrial run s.a --image a.img --next 'it'\\''s b.tar' --profile=ours --budget-scale 2")
      << "an option whose value is missing is left out";
  RunBuilder flaky;
  flaky.start({"s.a"}).begin("s.a").end("fail").begin("s.a", 2).end("pass").finish();
  const auto twice = flaky.record();
  EXPECT_EQ(repeat_command(twice, twice.cases[0]), "seatrial run s.a --repeat 2");
}

}  // namespace
}  // namespace seatrial::reports
