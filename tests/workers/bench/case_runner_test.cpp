// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/case_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include "core/base/nursery.hpp"
#include "core/base/within.hpp"
#include "core/model/event.hpp"

namespace seatrial::bench {
namespace {
using model::Verdict;
using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// A bench without instruments: what is tested here is how verdicts come about, not what verbs do.
class BareBench final : public CaseBench {
 public:
  std::string name() const override { return "bare"; }
  std::optional<std::string> lacks(const std::string& capability) const override {
    return capability == "teleport" ? std::optional<std::string>("no teleporter is wired")
                                    : std::nullopt;
  }
  Task<Result<>> reach(std::string checkpoint) override {
    if (checkpoint == "broken")
      co_return Failure("mux.no_card", Blame::bench, "no card", "reseat it");
    if (checkpoint == "late")
      co_return Failure("boot.not_reached", Blame::product, "did not boot", "see the console");
    co_return Result<>();
  }
  double setup_budget() const override { return 20; }
  Task<Result<json>> call(const model::Verb& verb, json, double) override {
    if (verb.name == "boot.next") co_await pause(1h);
    co_return json{{"state", "on"}};
  }
  void begin_case() override {}
  std::optional<Failure> unsettled() override { return pending; }
  Task<> collect_evidence(std::string, int) override {
    ++evidence;
    co_return;
  }
  double budget_scale() const override { return 1; }
  std::int64_t epoch() const override { return 3; }
  std::optional<Failure> pending;
  int evidence = 0;
};

class CaseRunnerTest : public testing::Test {
 protected:
  AttemptOutcome run(const std::string& name, const std::string& checkpoint = "none",
                     double budget = 20, std::vector<std::string> needs = {},
                     std::optional<Failure> alarm_later = {}) {
    auto events = EventWriter::open(dir_.path() / "events.jsonl", "r").value();
    Steps steps(events);
    Alarm alarm(io_.get_executor());
    CaseRunner runner(bench_, events, steps, alarm,
                      CaseRunnerSettings{"r", dir_.path(), dir_.path(), nullptr, roles_});
    model::CaseInfo info;
    info.suite = "scripted";
    info.name = name;
    info.checkpoint = checkpoint;
    info.budget_seconds = budget;
    info.needs = std::move(needs);
    info.images = images_;
    model::SuiteInfo suite;
    suite.path = SEATRIAL_BINARY_DIR "/tests/scripted_suite";
    auto done = boost::asio::co_spawn(io_, runner.run(info, suite, 1), boost::asio::use_future);
    Nursery side(io_.get_executor());
    if (alarm_later) side.start("alarm", raise_later(&alarm, *alarm_later));
    io_.restart();
    io_.run();
    auto joined = boost::asio::co_spawn(io_, side.join(), boost::asio::use_future);
    io_.restart();
    io_.run();
    (void)joined.get();
    log_ = model::read_event_log(dir_.path() / "events.jsonl").value().events;
    return done.get();
  }

  /// Everything that was noted, a line each.
  std::string notes() const {
    std::string all;
    for (const auto& event : log_)
      if (event.kind == "note") all += event.text("text") + "\n";
    return all;
  }

  static Task<Result<>> raise_later(Alarm* alarm, Failure failure) {
    co_await pause(300ms);
    alarm->raise(std::move(failure));
    co_return Result<>();
  }

  io::TempDir dir_ = io::TempDir::make("case").value();
  boost::asio::io_context io_;
  BareBench bench_;
  std::set<std::string> roles_;
  std::vector<std::string> images_;
  std::vector<model::Event> log_;
};

TEST_F(CaseRunnerTest, a_case_that_passes_passes) {
  const auto outcome = run("passes");
  EXPECT_EQ(outcome.verdict, Verdict::pass) << (outcome.failure ? outcome.failure->describe() : "");
  EXPECT_EQ(bench_.evidence, 0);
}

TEST_F(CaseRunnerTest, a_case_whose_bundle_nobody_gave_is_skipped_with_what_to_give) {
  images_ = {"{next}"};
  const auto outcome = run("passes");
  EXPECT_EQ(outcome.verdict, Verdict::skip);
  EXPECT_EQ(outcome.reason, "this run has no image for the role next: give --next FILE");
  EXPECT_FALSE(outcome.failure);
  for (const auto& event : log_) EXPECT_NE(event.kind, "step_started") << "the bench was touched";

  roles_ = {"next"};
  EXPECT_EQ(run("passes").verdict, Verdict::pass);
  images_ = {"{next}", "{next}+init_broken"};
  EXPECT_THAT(run("passes").reason, HasSubstr("the role next+init_broken: it is made of"));
}

TEST_F(CaseRunnerTest, a_request_is_answered_and_becomes_a_step) {
  EXPECT_EQ(run("asks").verdict, Verdict::pass);
  int steps = 0;
  for (const auto& event : log_)
    if (event.kind == "step_finished" && event.truth("ok")) ++steps;
  EXPECT_EQ(steps, 2) << "the checkpoint and the request";
}

TEST_F(CaseRunnerTest, a_failed_expectation_fails_and_evidence_is_fetched) {
  EXPECT_EQ(run("fails").verdict, Verdict::fail);
  EXPECT_EQ(bench_.evidence, 1);
}

TEST_F(CaseRunnerTest, a_skip_keeps_its_reason) {
  const auto outcome = run("skips");
  EXPECT_EQ(outcome.verdict, Verdict::skip);
  EXPECT_EQ(outcome.reason, "not today");
}

TEST_F(CaseRunnerTest, a_missing_capability_skips_with_the_reason) {
  const auto outcome = run("passes", "none", 20, {"teleport"});
  EXPECT_EQ(outcome.verdict, Verdict::skip);
  EXPECT_EQ(outcome.reason, "no teleporter is wired");
}

TEST_F(CaseRunnerTest, a_bench_fault_on_the_way_to_the_checkpoint_is_an_error_not_a_fail) {
  EXPECT_EQ(run("passes", "broken").verdict, Verdict::error);
}

TEST_F(CaseRunnerTest, a_product_that_does_not_reach_the_checkpoint_fails) {
  EXPECT_EQ(run("passes", "late").verdict, Verdict::fail);
}

TEST_F(CaseRunnerTest, a_crash_of_the_suite_costs_one_case_and_names_the_signal) {
  const auto outcome = run("crashes");
  EXPECT_EQ(outcome.verdict, Verdict::error);
  EXPECT_EQ(outcome.failure->code(), "suite.crashed");
  EXPECT_EQ(outcome.failure->blame(), Blame::suite);
}

TEST_F(CaseRunnerTest, a_pass_followed_by_a_crash_is_no_pass) {
  EXPECT_EQ(run("passes_then_crashes").verdict, Verdict::error);
}

TEST_F(CaseRunnerTest, a_pass_is_no_pass_when_the_process_ends_badly) {
  const auto exits = run("passes_then_exits_with_1");
  EXPECT_EQ(exits.verdict, Verdict::error);
  EXPECT_EQ(exits.failure->code(), "suite.failed");
  EXPECT_THAT(exits.reason, HasSubstr("had reported pass"));
  const auto stays = run("passes_then_stays", "none", 0.5);
  EXPECT_EQ(stays.verdict, Verdict::error);
  EXPECT_EQ(stays.failure->code(), "suite.lingers");
}

TEST_F(CaseRunnerTest, a_fail_that_was_reported_stands_whatever_the_process_does_afterwards) {
  for (const auto& [name, afterwards] : {std::pair("fails_then_crashes", "suite.crashed"),
                                         std::pair("fails_then_exits_with_1", "suite.failed"),
                                         std::pair("fails_then_stays", "suite.lingers"),
                                         std::pair("fails_then_babbles", "protocol.malformed")}) {
    const auto outcome = run(name, "none", std::string(name) == "fails_then_stays" ? 0.5 : 20);
    EXPECT_EQ(outcome.verdict, Verdict::fail) << name;
    EXPECT_EQ(outcome.failure->what(), "1 is not 2") << name;
    EXPECT_THAT(notes(), HasSubstr("after the suite had reported fail")) << name;
    EXPECT_THAT(notes(), HasSubstr(afterwards)) << name;
  }
}

TEST_F(CaseRunnerTest, a_fail_that_was_reported_stands_when_the_run_is_cancelled_meanwhile) {
  const auto outcome = run("fails_then_stays", "none", 20, {},
                           Failure("cancelled", Blame::cancelled, "Ctrl-C", "none"));
  EXPECT_EQ(outcome.verdict, Verdict::fail);
  EXPECT_THAT(notes(), HasSubstr("Ctrl-C"));
}

TEST_F(CaseRunnerTest, the_first_result_counts_and_a_second_is_told) {
  EXPECT_EQ(run("fails_then_passes").verdict, Verdict::fail);
  EXPECT_THAT(notes(), HasSubstr("second result (pass)"));
  EXPECT_EQ(run("passes_then_fails").verdict, Verdict::pass);
  EXPECT_THAT(notes(), HasSubstr("second result (fail)"));
}

TEST_F(CaseRunnerTest, a_suite_reports_what_a_case_can_come_to_and_nothing_else) {
  for (const auto* word : {"pass", "fail", "skip", "error", "timeout"})
    EXPECT_EQ(to_string(run(std::string("reports ") + word).verdict), word);
  for (const auto* word :
       {"reports not_run", "reports flaky", "reports great", "reports ", "reports_no_object"}) {
    const auto outcome = run(word);
    EXPECT_EQ(outcome.verdict, Verdict::error) << word;
    ASSERT_TRUE(outcome.failure) << word;
    EXPECT_EQ(outcome.failure->code(), "suite.bad_result") << word;
  }
}

TEST_F(CaseRunnerTest, a_failed_expectation_stays_a_fail_when_the_suite_then_crashes) {
  const auto outcome = run("expects_and_crashes");
  EXPECT_EQ(outcome.verdict, Verdict::fail);
  EXPECT_EQ(outcome.failure->code(), "expectation.failed");
  EXPECT_EQ(outcome.failure->blame(), Blame::product);
  EXPECT_THAT(outcome.failure->what(), HasSubstr("the suite process ended with"));
  EXPECT_THAT(outcome.reason, HasSubstr("1 expectation"));
}

TEST_F(CaseRunnerTest, a_suite_of_a_lease_that_is_over_is_refused) {
  const auto outcome = run("old_lease");
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->code(), "lease.stale_epoch");
  EXPECT_EQ(outcome.verdict, Verdict::not_run);
}

TEST_F(CaseRunnerTest, an_early_exit_is_no_verdict) {
  EXPECT_EQ(run("exits_early").failure->code(), "suite.exited_early");
}

TEST_F(CaseRunnerTest, an_exit_before_contact_shows_what_was_printed) {
  const auto outcome = run("exits_before_contact");
  EXPECT_EQ(outcome.verdict, Verdict::error);
  EXPECT_THAT(outcome.failure->what(), HasSubstr("no, thank you"));
}

TEST_F(CaseRunnerTest, a_hang_ends_at_the_guard_deadline_as_timeout) {
  const auto outcome = run("hangs", "none", 0.5);
  EXPECT_EQ(outcome.verdict, Verdict::timeout);
  EXPECT_EQ(outcome.failure->code(), "deadline.case");
}

TEST_F(CaseRunnerTest, an_alarm_ends_the_case_with_its_verdict) {
  EXPECT_EQ(run("waits_for_abort", "none", 20, {},
                Failure("sentinel.panic", Blame::product, "Kernel panic", "see it"))
                .verdict,
            Verdict::fail);
  EXPECT_EQ(run("waits_for_abort", "none", 20, {},
                Failure("qemu.died", Blame::bench, "QEMU died", "see it"))
                .verdict,
            Verdict::error);
  EXPECT_EQ(run("waits_for_abort", "none", 20, {},
                Failure("cancelled", Blame::cancelled, "Ctrl-C", "none"))
                .verdict,
            Verdict::not_run);
}

TEST_F(CaseRunnerTest, an_alarm_ends_a_request_that_is_being_waited_for) {
  const auto outcome = run("asks_for_ever", "none", 20, {},
                           Failure("cancelled", Blame::cancelled, "Ctrl-C", "none"));
  EXPECT_EQ(outcome.verdict, Verdict::not_run);
}

TEST_F(CaseRunnerTest, an_alarm_that_the_case_did_not_notice_fails_it) {
  bench_.pending = Failure("sentinel.panic", Blame::product, "Kernel panic", "see it");
  EXPECT_EQ(run("passes").verdict, Verdict::fail);
}

TEST_F(CaseRunnerTest, a_stranger_without_the_token_is_refused) {
  EXPECT_EQ(run("wrong_token").failure->code(), "protocol.token");
}

TEST_F(CaseRunnerTest, an_unknown_verb_is_answered_with_the_nearest) {
  const auto outcome = run("asks_nonsense");
  EXPECT_EQ(outcome.failure->code(), "protocol.unknown_verb");
}

long peak_kilobytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST_F(CaseRunnerTest, a_gigabyte_of_output_costs_neither_memory_nor_disk) {
  EXPECT_EQ(run("passes").verdict, Verdict::pass);
  const long before = peak_kilobytes();
  EXPECT_EQ(run("prints_a_gigabyte").verdict, Verdict::pass);
#if defined(__SANITIZE_ADDRESS__)
  constexpr long kMost = 400 * 1024;  // the sanitizer keeps 256 MB of what was freed
#else
  constexpr long kMost = 16 * 1024;
#endif
  EXPECT_LE(peak_kilobytes() - before, kMost);
  const auto kept = dir_.path() / "suite-scripted.prints_a_gigabyte-1.log";
  EXPECT_LE(std::filesystem::file_size(kept), 4u << 20);
  const auto told = std::find_if(log_.begin(), log_.end(), [](const auto& event) {
    return event.kind == "note" &&
           event.text("text").find("more than is kept") != std::string::npos;
  });
  EXPECT_NE(told, log_.end()) << "what was dropped must be said";
}

TEST_F(CaseRunnerTest, a_flood_of_notes_is_bounded_and_told) {
  EXPECT_EQ(run("notes_much", "none", 120).verdict, Verdict::pass);
  EXPECT_LE(std::filesystem::file_size(dir_.path() / "events.jsonl"), 18u << 20);
  const auto told = std::find_if(log_.begin(), log_.end(), [](const auto& event) {
    return event.text("text").find("more than is kept in the event log") != std::string::npos;
  });
  EXPECT_NE(told, log_.end()) << "what was dropped must be said";
}

/// A killed orphan may stay a zombie until init reaps it; it must not be running.
bool runs(int pid) {
  const auto state = io::read_file("/proc/" + std::to_string(pid) + "/stat");
  return state && state->find(") Z ") == std::string::npos;
}

TEST_F(CaseRunnerTest, what_a_suite_starts_and_leaves_behind_ends_with_it) {
  EXPECT_EQ(run("leaves_a_child").verdict, Verdict::pass);
  const auto text = io::read_file(dir_.path() / "suite-scripted.leaves_a_child-1.log").value();
  const int pid = std::stoi(text.substr(text.find("pid ") + 4));
  for (int i = 0; i < 100 && runs(pid); ++i) ::poll(nullptr, 0, 20);
  EXPECT_FALSE(runs(pid));
}

TEST_F(CaseRunnerTest, a_disk_that_fills_up_ends_the_case_as_a_bench_error_with_its_words) {
  const auto outcome = run("waits_for_abort", "none", 20, {},
                           Failure("file.disk_full", Blame::bench, "no space left", "make some"));
  EXPECT_EQ(outcome.verdict, Verdict::error);
  EXPECT_EQ(outcome.failure->blame(), Blame::bench);
}

TEST_F(CaseRunnerTest, every_attempt_ends_with_exactly_one_case_finished) {
  run("crashes");
  int finished = 0;
  for (const auto& event : log_) finished += event.kind == "case_finished";
  EXPECT_EQ(finished, 1);
}

}  // namespace
}  // namespace seatrial::bench
