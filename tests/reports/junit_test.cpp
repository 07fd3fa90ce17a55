// SPDX-License-Identifier: Apache-2.0
// JUnit XML against our schema, which xmllint applies; without it (libxml2-utils) these fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "reports/format.hpp"
#include "tests/reports/run_builder.hpp"

namespace seatrial::reports {
namespace {
using testing::HasSubstr;
using testing::Not;

/// What xmllint says against the document; "" when it fits the schema.
std::string complaints_about(const std::string& xml, const std::filesystem::path& folder) {
  const auto path = folder / "checked.xml";
  std::ofstream(path) << xml;
  const std::string command = "xmllint --nonet --noout --schema " SEATRIAL_SOURCE_DIR
                              "/tests/reports/junit.xsd '" +
                              path.string() + "' 2>'" + path.string() + ".log'";
  const int status = std::system(command.c_str());
  std::ifstream log(path.string() + ".log");
  return status == 0
             ? ""
             : "xmllint (libxml2-utils): " + std::string(std::istreambuf_iterator<char>(log), {});
}

void expect_valid_junit(const std::string& xml, const std::filesystem::path& folder) {
  EXPECT_EQ(complaints_about(xml, folder), "");
}

TEST(JUnit, every_verdict_maps_as_documented_and_fits_the_schema) {
  RunBuilder build;
  every_verdict(build);
  const auto xml = render("junit", build);
  expect_valid_junit(xml, build.folder());
  EXPECT_THAT(xml, HasSubstr("tests=\"7\" failures=\"2\" errors=\"2\" time="));
  EXPECT_THAT(xml,
              HasSubstr("<failure type=\"expectation.failed\" message=\"no [blame: product]\">"));
  EXPECT_THAT(xml, HasSubstr("suites/s.cpp:9:"));
  EXPECT_THAT(xml, HasSubstr("<error type=\"mux.stuck\" message=\"stuck [blame: bench]\">"));
  EXPECT_THAT(xml, HasSubstr("<error type=\"timeout\""));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"skip: no lab network\"/>"));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"not_run: the run ended without reaching it\"/>"));
  EXPECT_THAT(xml, HasSubstr("<failure type=\"flaky\" message=\"flaky: passed 1 of 2 attempts"));
  EXPECT_THAT(xml, HasSubstr("[FAILED] engine"));
  EXPECT_THAT(xml, HasSubstr("repeat with: seatrial run s.fail"));
  EXPECT_THAT(xml, Not(HasSubstr("the_run_ended_well"))) << "something is red already";
}

TEST(JUnit, the_schema_refuses_what_ci_systems_would_misread) {
  RunBuilder build;
  every_verdict(build);
  const auto good = render("junit", build);
  ASSERT_EQ(complaints_about(good, build.folder()), "");
  const std::vector<std::pair<std::string, std::string>> harms{
      {"classname=\"s\" ", ""},              // no suite
      {"name=\"fail\"", "name=\"\""},        // no name
      {"time=\"1.000\"", "time=\"1,000\""},  // another country
      {"<skipped", "<ignored"},
      {"tests=\"7\"", "tests=\"seven\""},
      {"</testsuites>", ""}};
  for (const auto& [what, by] : harms) {
    auto bad = good;
    ASSERT_NE(bad.find(what), std::string::npos) << what;
    bad.replace(bad.find(what), what.size(), by);
    EXPECT_THAT(complaints_about(bad, build.folder()), HasSubstr("checked.xml")) << what;
  }
}

TEST(JUnit, a_case_without_a_name_has_one) {
  RunBuilder build;
  build.start({"s.", "."}).finish();
  const auto xml = render("junit", build);
  expect_valid_junit(xml, build.folder());
  EXPECT_THAT(xml, HasSubstr("<testcase classname=\"s\" name=\"unnamed\""));
}

TEST(JUnit, a_run_that_proves_nothing_is_never_green) {
  RunBuilder nothing;
  expect_valid_junit(render("junit", nothing.start({}).finish()), nothing.folder());
  EXPECT_THAT(render("junit", nothing), HasSubstr("the_run_ended_well"));
  RunBuilder stopped;
  stopped.start({"s.a"}).finish({{"interrupted", true}});
  const auto xml = render("junit", stopped);
  expect_valid_junit(xml, stopped.folder());
  EXPECT_THAT(xml,
              HasSubstr("<error type=\"run.incomplete\" message=\"The run was interrupted.\">"));
  RunBuilder good;
  good.start({"s.a"}).begin("s.a").end("pass").finish();
  EXPECT_THAT(render("junit", good), Not(HasSubstr("the_run_ended_well")));
}

TEST(JUnit, hostile_text_and_recorded_runs_fit_the_schema) {
  RunBuilder build;
  all_hostile(build);
  expect_valid_junit(render("junit", build), build.folder());
  for (const auto* run : {"passed", "failed", "killed", "flaky", "bench_error"}) {
    std::ifstream file(std::string(SEATRIAL_SOURCE_DIR "/tests/reports/testdata/") + run +
                       "/expected/junit.xml");
    expect_valid_junit({std::istreambuf_iterator<char>(file), {}}, build.folder());
  }
}

}  // namespace
}  // namespace seatrial::reports
