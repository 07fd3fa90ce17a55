// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/tiny_os.hpp"

#include <signal.h>

namespace seatrial::e2e {
using namespace std::chrono_literals;

void TinyRuns::SetUpTestSuite() {
  // A runner in the background may have them ignored, and children inherit that.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
  home_.emplace(io::TempDir::make("tiny").value());
  image_ = tiny_os(home_->path());
  fs::create_directory(home_->path() / "suites");
  fs::create_symlink(SEATRIAL_BINARY_DIR "/tests/scripted_suite",
                     home_->path() / "suites/scripted");
}

void TinyRuns::TearDownTestSuite() { home_.reset(); }

void TinyRuns::SetUp() { folder_.emplace(io::TempDir::make("tinyrun").value()); }

void TinyRuns::TearDown() {
  process_.reset();
  for (const auto& left : left_over(folder_->path().string()))
    ADD_FAILURE() << "left over: " << left;
  folder_.reset();
}

io::Command TinyRuns::command(std::vector<std::string> words) const {
  auto out = seatrial(std::move(words));
  out.env = {{"SEATRIAL_SUITES", (home_->path() / "suites").string()},
             {"SEATRIAL_CACHE", (home_->path() / "cache").string()},
             {"SEATRIAL_ACCEL", "tcg"}};  // a second's guest is not worth a probe of KVM
  return out;
}

io::Command TinyRuns::run_command(std::vector<std::string> cases) const {
  std::vector<std::string> words{"run"};
  for (auto& name : cases) words.push_back("scripted." + name);
  for (const auto& word :
       {std::string("--image"), image_.string(), std::string("--out"), out().string()})
    words.push_back(word);
  return command(std::move(words));
}

io::Output TinyRuns::finish(io::Command command) {
  auto output = io::run_blocking(std::move(command), Budget(5min, "seatrial"));
  EXPECT_TRUE(output.has_value()) << output.error().describe();
  return output ? *output : io::Output{};
}

void TinyRuns::start(io::Command command) {
  command.stdout_file = command.stderr_file = folder_->path() / "said";
  auto process = io::Process::start(loop_.executor(), std::move(command));
  ASSERT_TRUE(process.has_value()) << process.error().describe();
  process_.emplace(std::move(*process));
}

bool TinyRuns::wait_for(std::function<bool()> done, Duration limit) {
  return loop_.run_until(std::move(done), limit);
}

testing::AssertionResult TinyRuns::sees(std::string_view kind, std::string_view case_name) {
  const auto seen = [&] {
    for (const auto& event : events())
      if (event.kind == kind && (case_name.empty() || event.case_name == case_name)) return true;
    return false;
  };
  if (wait_for(seen, 120s)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "no " << kind << " in the event log; it said: "
                                     << io::read_file(folder_->path() / "said").value_or("nothing");
}

io::ExitStatus TinyRuns::ends() {
  const auto status =
      loop_.run(within(Budget(2min, "the end of seatrial"), process_->wait()), 150s);
  EXPECT_TRUE(status.has_value()) << status.error().describe();
  return status.value_or(io::ExitStatus{-1, 0});
}

int TinyRuns::child(const std::string& word) const {
  for (const auto& entry : left_over(folder_->path().string()))
    if (entry.find(word) != std::string::npos) return std::stoi(entry);
  return 0;
}

std::vector<model::Event> TinyRuns::events() const {
  auto log = model::read_event_log(out() / "events.jsonl");
  return log ? std::move(log->events) : std::vector<model::Event>();
}

std::optional<model::Event> TinyRuns::finished(std::string_view case_name) const {
  for (const auto& event : events())
    if (event.kind == "case_finished" && event.case_name == "scripted." + std::string(case_name))
      return event;
  return std::nullopt;
}

void TinyRuns::expect_clean_and_readable() {
  const auto path = folder_->path().string();
  EXPECT_TRUE(wait_for([&] { return left_over(path).empty(); }, 20s))
      << left_over(path).front() << " is left over";
  const auto log = model::read_event_log(out() / "events.jsonl");
  ASSERT_TRUE(log.has_value()) << log.error().describe();
  EXPECT_TRUE(log->bad.empty()) << "line " << log->bad.front() << " is no event";
  const auto report = finish(command({"report", out().string(), "--format", "all"}));
  EXPECT_EQ(report.status.code, 0) << report.err;
  const auto page = io::read_file(out() / "report.html");
  ASSERT_TRUE(page.has_value()) << page.error().describe();
  EXPECT_NE(page->find("</html>"), std::string::npos);
}

}  // namespace seatrial::e2e
