// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "tests/e2e/product.hpp"

namespace seatrial::e2e {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST(Run, smoke_passes_on_the_reference_os_and_leaves_evidence_and_a_report) {
  const auto dir = io::TempDir::make("e2e").value();
  const auto out = dir.path() / "run";
  const auto output =
      run({"run", "smoke", "--out", out.string(), "--format", "junit,html,tap,markdown"}, 20min);
  EXPECT_EQ(output.status.code, 0) << output.out << output.err;
  const auto log = model::read_event_log(out / "events.jsonl");
  ASSERT_TRUE(log.has_value()) << log.error().describe();
  EXPECT_FALSE(log->torn);
  EXPECT_EQ(count(log->events, "case_finished"), 4);
  EXPECT_EQ(count(log->events, "run_finished"), 1);
  for (const char* file : {"console.log", "report.html", "junit.xml"})
    EXPECT_TRUE(fs::exists(out / file)) << file;
  EXPECT_TRUE(left_over(out.string()).empty()) << left_over(out.string()).front();
}

/// Starts a run and ends it with `signal` as soon as the DUT is on; the wait is for a fact in the
/// event log.
struct Interrupted {
  io::ExitStatus status;
  model::EventLogContent log;
};

Task<Result<>> until_powered(fs::path events) {
  for (;;) {
    if (const auto text = io::read_file(events);
        text && text->find("\"kind\":\"power\"") != std::string::npos)
      co_return Result<>();
    co_await pause(200ms);
  }
}

Task<Result<Interrupted>> interrupt(fs::path out, int signal) {
  auto executor = co_await boost::asio::this_coro::executor;
  auto command = seatrial({"run", "smoke.os_release_and_slug", "--out", out.string()});
  CO_TRY(auto process, io::Process::start(executor, std::move(command)));
  Budget powered(10min, "the DUT to be switched on");
  CO_CHECK_OK(co_await within(std::move(powered), until_powered(out / "events.jsonl")));
  ::kill(process.pid(), signal);
  Budget ended(2min, "the run to end after it was interrupted");
  Interrupted result;
  CO_TRY(result.status, co_await within(std::move(ended), process.wait()));
  for (int i = 0; i < 150 && !left_over(out.string()).empty(); ++i) co_await pause(200ms);
  CO_TRY(result.log, model::read_event_log(out / "events.jsonl"));
  co_return result;
}

Result<Interrupted> interrupted(const fs::path& out, int signal) {
  boost::asio::io_context context;
  auto done = boost::asio::co_spawn(context, interrupt(out, signal), boost::asio::use_future);
  context.run();
  return done.get();
}

TEST(Run, ctrl_c_leaves_the_bench_safe_and_the_report_written) {
  const auto dir = io::TempDir::make("e2e").value();
  const auto out = dir.path() / "run";
  const auto result = interrupted(out, SIGINT);
  ASSERT_TRUE(result.has_value()) << result.error().describe();
  EXPECT_EQ(result->status.code, 130) << result->status.describe();
  EXPECT_EQ(count(result->log.events, "run_finished"), 1);
  EXPECT_TRUE(fs::exists(out / "report.html"));
  EXPECT_TRUE(left_over(out.string()).empty()) << left_over(out.string()).front();
}

TEST(Run, a_killed_command_leaves_nothing_running_and_a_readable_log) {
  const auto dir = io::TempDir::make("e2e").value();
  const auto out = dir.path() / "run";
  const auto result = interrupted(out, SIGKILL);
  ASSERT_TRUE(result.has_value()) << result.error().describe();
  EXPECT_TRUE(left_over(out.string()).empty()) << left_over(out.string()).front();
  EXPECT_FALSE(result->log.torn);
  const auto report = run({"report", out.string(), "--format", "html"}, 2min);
  EXPECT_LE(report.status.code, 3) << report.err;
  EXPECT_TRUE(fs::exists(out / "report.html")) << report.err;
}

TEST(Run, wrong_words_are_answered_with_the_nearest_names) {
  const auto suite = run({"run", "smok"}, 1min);
  EXPECT_EQ(suite.status.code, 2);
  EXPECT_NE(suite.err.find("smoke"), std::string::npos) << suite.err;
  const auto device = run({"run", "smoke", "--device", "qemu-amd46"}, 1min);
  EXPECT_EQ(device.status.code, 2);
  EXPECT_NE(device.err.find("qemu-amd64"), std::string::npos) << device.err;
  const auto image = run({"run", "smoke", "--image", "/nonexistent.img"}, 1min);
  EXPECT_EQ(image.status.code, 2);
  EXPECT_NE(image.err.find("/nonexistent.img"), std::string::npos) << image.err;
}

}  // namespace
}  // namespace seatrial::e2e
