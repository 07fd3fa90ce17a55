// SPDX-License-Identifier: Apache-2.0
#include "tests/reports/run_builder.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "core/base/clock.hpp"
#include "core/model/event.hpp"
#include "core/model/failure_json.hpp"
#include "reports/format.hpp"

namespace seatrial::reports {
namespace {
using nlohmann::json;
constexpr Duration kZero = std::chrono::seconds(1'772'366'400);  // 2026-03-01T12:00:00Z

void put(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}
}  // namespace

RunBuilder::RunBuilder() {
  std::string pattern = testing::TempDir() + "/reports.XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
}

RunBuilder::~RunBuilder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

RunBuilder& RunBuilder::start(const std::vector<std::string>& cases, json more) {
  json data{{"schema", 1},
            {"argv", {"seatrial", "run"}},
            {"image", {{"name", "refos"}, {"version", "1.0.0"}, {"digest", "sha256:aa"}}},
            {"device", {{"slug", "qemu-amd64"}}},
            {"cases", cases}};
  if (more.is_object()) data.update(more);
  return event("run_started", data);
}

RunBuilder& RunBuilder::begin(const std::string& full_name, int attempt, double budget) {
  case_ = full_name;
  attempt_ = attempt;
  began_ = now_;
  return event("case_started",
               {{"checkpoint", "booted"}, {"budget_seconds", budget}, {"doc", "What it proves."}});
}

RunBuilder& RunBuilder::end(std::string_view verdict, json more) {
  json data{{"verdict", verdict}, {"seconds", now_ - began_}};
  data.update(more);
  event("case_finished", data);
  case_.clear();
  attempt_ = 0;
  return *this;
}

RunBuilder& RunBuilder::finish(json more) {
  json data{{"seconds", now_}, {"interrupted", false}};
  data.update(more);
  return event("run_finished", data);
}

RunBuilder& RunBuilder::name(const std::string& full_name, int attempt) {
  case_ = full_name;
  attempt_ = attempt;
  return *this;
}

RunBuilder& RunBuilder::step(std::string_view text, double seconds, bool ok) {
  const int id = ++step_;
  event("step_started", {{"step", id}, {"name", "test.step"}, {"text", text}});
  wait(seconds);
  return event("step_finished", {{"step", id}, {"ok", ok}, {"seconds", seconds}});
}

RunBuilder& RunBuilder::event(std::string_view kind, json data) {
  model::Event made;
  made.seq = ++seq_;
  made.mono = now_;
  made.wall = iso8601(kZero + from_seconds(now_));
  made.run = "run-1";
  made.attempt = attempt_;
  made.case_name = case_;
  made.kind = std::string(kind);
  made.data = std::make_shared<const json>(std::move(data));
  log_ += to_line(made);
  return *this;
}

RunBuilder& RunBuilder::wait(double seconds) {
  now_ += seconds;
  return *this;
}

RunBuilder& RunBuilder::line(std::string_view raw) {
  log_ += std::string(raw) + "\n";
  return *this;
}

RunBuilder& RunBuilder::console(std::string_view bytes) {
  const auto stamp = model::encode({.offset = console_.size(),
                                    .monotonic = std::chrono::seconds(5000) + from_seconds(now_),
                                    .wall = kZero + from_seconds(now_)});
  index_.append(stamp.data(), stamp.size());
  console_ += bytes;
  return *this;
}

RunBuilder& RunBuilder::tear(std::size_t bytes) {
  log_.resize(log_.size() - std::min(bytes, log_.size()));
  return *this;
}

const std::filesystem::path& RunBuilder::write() {
  put(folder_ / "events.jsonl", log_);
  if (!console_.empty()) {
    put(folder_ / "console.log", console_);
    put(folder_ / "console.idx", index_);
  }
  return folder_;
}

RunRecord RunBuilder::record() {
  auto run = read_run_record(write());
  EXPECT_TRUE(run.has_value()) << run.error().describe();
  return run ? std::move(*run) : RunRecord();
}

json failure_json(std::string_view code, Blame blame, std::string_view what,
                  std::string_view advice) {
  return model::to_json(Failure(std::string(code), blame, std::string(what), std::string(advice)));
}

std::string hostile() {
  return "</pre></code></script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&]]>-->"
         "\x1b[31m\x1b]0;t\x07\xff\xfe\xc0\xaf\xed\xa0\x80\xe2\x80\xae\x01\x08\x7f `|@all "
         "$(id)\r\n::error::x";
}

void all_hostile(RunBuilder& build) {
  const auto evil = hostile();
  build.start({"s." + evil}, {{"mutant", evil}, {"argv", {"seatrial", evil}}});
  build.begin("s." + evil).console(evil + "\nKernel panic" + evil + "\n").wait(1);
  build.event("sentinel", {{"id", evil}, {"severity", evil}, {"line", evil}, {"offset", 3}});
  build.event("assertion", {{"ok", false}, {"text", evil}, {"file", evil}, {"line", 1}});
  build.event("artifact", {{"name", evil}, {"path", "../" + evil}, {"media_type", evil}});
  build.event("measurement", {{"name", evil}, {"unit", evil}, {"value", 1}, {"ok", false}});
  build.step(evil, 1, false).event("note", {{"text", evil}, {"level", evil}});
  build.end("fail", {{"failure", failure_json(evil, Blame::product, evil, evil)}}).finish();
}

void every_verdict(RunBuilder& build) {
  build.start({"s.pass", "s.fail", "s.error", "s.timeout", "s.skip", "s.gone", "t.flaky"});
  build.begin("s.pass").wait(1).end("pass");
  build.begin("s.fail").console("[FAILED] engine\n").wait(1);
  build.event("assertion", {{"ok", false}, {"text", "no"}, {"file", "suites/s.cpp"}, {"line", 9}});
  build.end("fail");
  build.begin("s.error").end(
      "error", {{"failure", failure_json("mux.stuck", Blame::bench, "stuck", "reseat it")}});
  build.begin("s.timeout")
      .end("timeout", {{"failure", failure_json("deadline.case", Blame::unknown, "late", "look")}});
  build.event("case_finished", {{"verdict", "skip"}});
  build.begin("s.skip").end("skip", {{"reason", "no lab network"}});
  build.begin("t.flaky").end("fail").begin("t.flaky", 2).end("pass");
  build.event("measurement", {{"name", "x"}});
  build.finish();
}

std::string render(std::string_view format, RunBuilder& build) {
  const auto run = build.record();
  return find_format(format)->render(run, RunFolder(build.folder(), run.zero));
}

}  // namespace seatrial::reports
