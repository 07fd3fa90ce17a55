// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/host.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/base/notifier.hpp"
#include "core/base/race.hpp"
#include "core/base/unless.hpp"
#include "core/base/within.hpp"
#include "core/io/hash.hpp"
#include "core/model/device_type.hpp"
#include "core/model/failure_json.hpp"
#include "core/model/os_profile.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/case_runner.hpp"
#include "workers/bench/desk.hpp"
#include "workers/bench/event_writer.hpp"
#include "workers/bench/run_folder.hpp"

#ifndef SEATRIAL_VERSION
#define SEATRIAL_VERSION "unknown"
#endif

namespace seatrial::bench {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using model::Verdict;
using nlohmann::json;

namespace {

/// What the outside has asked for.
struct Control {
  explicit Control(asio::any_io_executor executor) : changed(executor) {}
  void cancel(Alarm& alarm, const char* why) {
    interrupted = true;
    alarm.raise(Failure("cancelled", Blame::cancelled,
                        std::string("the run was interrupted: ") + why,
                        "start it again; `seatrial run --from CASE` goes on from a case"));
    changed.notify();
  }
  /// Asked twice: what does not end in a few seconds is left to the guard.
  void hurry() {
    hurried = true;
    changed.notify();
  }
  bool interrupted = false;
  bool hurried = false;
  bool released = false;
  bool stays = false;  ///< for people: it outlives whoever started us
  Notifier changed;
};

Task<Result<>> read_control(int fd, Control* control, Alarm* alarm) {
  asio::posix::stream_descriptor pipe(co_await asio::this_coro::executor, fd);
  std::string buffer;
  for (;;) {
    boost::system::error_code error;
    const auto size =
        co_await asio::async_read_until(pipe, asio::dynamic_buffer(buffer, 4096), '\n',
                                        asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) {
      // Whoever started us is gone. A bench that people use is meant to survive that; a run is not.
      if (!control->stays) control->cancel(*alarm, "the process that started it is gone");
      co_return Result<>();
    }
    const std::string line = buffer.substr(0, size - 1);
    buffer.erase(0, size);
    if (line == "cancel" || line == "kill") control->cancel(*alarm, "by request");
    if (line == "kill") control->hurry();
    if (line == "release") {
      control->released = true;
      control->changed.notify();
    }
  }
}

Task<Result<>> read_signals(Control* control, Alarm* alarm) {
  asio::signal_set signals(co_await asio::this_coro::executor, SIGTERM, SIGINT, SIGHUP);
  for (;;) {
    co_await signals.async_wait(asio::use_awaitable);
    control->cancel(*alarm, "by a signal");
  }
}

constexpr Duration kHurry = 5s;

/// Ends the process when it was asked twice to end and does not. The guard outlives it and puts the
/// bench into its safe state; the event log is whole up to here.
Task<Result<>> end_at_once(Control* control, EventWriter* events) {
  CO_CHECK_OK(co_await control->changed.until([control] { return control->hurried; }));
  co_await pause(kHurry);
  events->write("note", json{{"level", "warn"},
                             {"text",
                              "the bench host was told twice to end, and left what was "
                              "under way to the guard"}});
  events->sync();
  ::_exit(3);
}

json run_started(const model::RunPlan& plan, const Bench& bench, const std::string& device_digest,
                 const std::string& profile_digest) {
  json suites = json::array(), cases = json::array();
  for (const auto& suite : plan.suites) {
    suites.push_back({{"name", suite.name}, {"digest", suite.digest}, {"path", suite.path}});
    for (const auto& info : suite.cases) cases.push_back(info.full_name());
  }
  const auto facts = bench.facts();
  json out{{"schema", 1},
           {"argv", plan.argv},
           {"versions",
            {{"seatrial", SEATRIAL_VERSION}, {"qemu", facts["instruments"].value("qemu", "")}}},
           {"image",
            {{"name", plan.image.name},
             {"version", plan.image.version},
             {"digest", plan.image.digest},
             {"path", plan.image.path}}},
           {"device", {{"slug", facts["device"]["slug"]}, {"digest", device_digest}}},
           {"profile", {{"name", facts["profile"]["name"]}, {"digest", profile_digest}}},
           {"bench", {{"name", bench.name()}, {"instruments", facts["instruments"]}}},
           {"suites", suites},
           {"cases", cases},
           {"repeat", plan.repeat},
           {"budget_scale", facts["budget_scale"]}};
  if (!plan.mutant.empty()) out["mutant"] = plan.mutant;
  return out;
}

/// Everything of one run; lives for run_plan().
struct Run {
  Run(asio::any_io_executor ex, HostOptions o, EventWriter w)
      : executor(ex),
        options(std::move(o)),
        events(std::move(w)),
        steps(events),
        alarm(ex),
        control(ex),
        nursery(ex),
        bench_nursery(ex) {}
  asio::any_io_executor executor;
  HostOptions options;
  io::UniqueFd owned;  ///< the run folder
  EventWriter events;
  Steps steps;
  Alarm alarm;
  Control control;
  Nursery nursery;
  Nursery bench_nursery;  ///< what works on the bench; joined before the bench goes
  std::unique_ptr<Guard> guard;
  std::optional<SocketFolder> sockets;
  std::unique_ptr<Desk> desk;  ///< given back when everything else is gone
  std::unique_ptr<Bench> bench;
  std::string device_digest, profile_digest;
  model::Tally tally;
  bool red = false;
  std::string red_case;
};

Task<Result<>> assemble(Run& run) {
  const auto& plan = run.options.plan;
  BenchParts parts;
  parts.plan = plan;
  CO_TRY(auto device, model::load_device_type(plan.device));
  CO_TRY(parts.profile, model::load_os_profile(plan.profile));
  parts.device = model::layout(std::move(device), parts.profile);
  CO_TRY(run.device_digest, io::sha256_file(plan.device));
  CO_TRY(run.profile_digest, io::sha256_file(plan.profile));
  CO_TRY(run.guard, Guard::start(run.nursery, run.executor, fs::path(plan.out) / "guard.log",
                                 run.owned.get()));
  CO_TRY(auto sockets, SocketFolder::make(fs::path(plan.out) / "s", run.guard.get()));
  run.sockets.emplace(std::move(sockets));
  parts.sockets = run.sockets->path();
  parts.guard = run.guard.get();
  run.bench = std::make_unique<Bench>(std::move(parts), run.events, run.steps, run.alarm,
                                      run.bench_nursery);
  co_return co_await run.bench->assemble();
}

void record(Run& run, const std::string& name, const AttemptOutcome& outcome) {
  run.tally.add(outcome.verdict);
  if (outcome.verdict == Verdict::pass || outcome.verdict == Verdict::skip) return;
  run.red = true;
  run.red_case = name;
}

Task<Result<>> run_cases(Run& run) {
  const auto& plan = run.options.plan;
  CaseRunnerSettings settings{plan.run, plan.out, run.sockets->path(), run.guard.get()};
  for (const auto& [role, file] : plan.files) settings.roles.insert(role);
  CaseRunner runner(*run.bench, run.events, run.steps, run.alarm, settings);
  for (int round = 1; round <= plan.repeat; ++round)
    for (const auto& suite : plan.suites)
      for (const auto& info : suite.cases) {
        std::string reason;
        if (run.control.interrupted)
          reason = "the run was interrupted";
        else if (run.red && plan.until_fail)
          reason = "a case before it went red, and the run was to end there";
        else if (run.red && plan.hold_on_fail)
          reason = "a case before it went red, and the DUT is held";
        else if (run.events.broken())
          reason = "the event log cannot be written: " + run.events.broken()->what();
        if (!reason.empty()) {
          if (round == 1) {
            runner.not_run(info, reason);
            run.tally.add(Verdict::not_run);
          }
          continue;
        }
        auto outcome = co_await runner.run(info, suite, round);
        record(run, info.full_name(), outcome);
      }
  co_return Result<>();
}

json verdict_counts(const model::Tally& tally) {
  json counts = json::object();
  for (std::size_t i = 0; i < model::kVerdicts; ++i)
    if (tally.count[i]) counts[std::string(to_string(static_cast<Verdict>(i)))] = tally.count[i];
  return counts;
}

model::DeskRecord desk_record(const Run& run, const std::string& held) {
  const auto& plan = run.options.plan;
  model::DeskRecord record;
  record.guard = run.guard->pid();
  record.run = plan.run;
  record.folder = plan.out;
  record.socket = (run.sockets->path() / "desk.sock").string();
  record.device = run.bench->parts().device.slug;
  record.image = plan.image.name;
  record.version = plan.image.version;
  record.held = held;
  return record;
}

/// People use the bench until one of them ends it, or we are told to.
Task<Result<>> serve_people(Run& run, std::string held) {
  CO_CHECK_OK(run.desk->open(run.executor, desk_record(run, held)));
  run.control.stays = true;
  run.events.write("held", json{{"desk", run.options.plan.desk}, {"case", held}});
  run.events.sync();
  auto first = co_await race(run.desk->serve(*run.bench), run.control.changed.until([&run] {
    return run.control.released || run.control.interrupted;
  }));
  co_return first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
}

/// A bench that was started for people: a fresh medium, power off, and then it is theirs.
Task<Result<>> run_desk(Run& run) {
  auto prepared = co_await unless(run.alarm.wait(), run.bench->reach("fresh"));
  if (!prepared) co_return prepared;
  co_return co_await serve_people(run, "");
}

Task<Result<>> hold(Run& run) {
  if (!run.options.plan.desk.empty()) {
    auto desk = Desk::take(run.options.plan.desk);
    if (desk) {
      run.desk = std::move(*desk);
      co_return co_await serve_people(run, run.red_case);
    }
    run.events.write(
        "note", json{{"level", "warn"},
                     {"text", "the DUT is held, but not at the desk: " + desk.error().what()}});
  }
  run.control.stays = true;
  run.events.write("held", json{{"desk", ""}, {"case", run.red_case}});
  run.events.sync();
  co_return co_await run.control.changed.until(
      [&run] { return run.control.released || run.control.interrupted; });
}

Task<Result<>> run_inside(Run& run) {
  const bool for_people = run.options.plan.suites.empty() && !run.options.plan.desk.empty();
  if (for_people) {
    CO_TRY(run.desk, Desk::take(run.options.plan.desk));
  }
  auto assembled = co_await unless(run.alarm.wait(), assemble(run));
  if (!assembled) {
    // The cases are recorded, each with what stopped it.
    run.events.write("run_started", json{{"schema", 1},
                                         {"argv", run.options.plan.argv},
                                         {"versions", {{"seatrial", SEATRIAL_VERSION}}},
                                         {"image",
                                          {{"name", run.options.plan.image.name},
                                           {"version", run.options.plan.image.version},
                                           {"digest", run.options.plan.image.digest}}}});
    for (const auto& suite : run.options.plan.suites)
      for (const auto& info : suite.cases) {
        run.events.begin_case(info.full_name(), 1);
        const auto verdict =
            run.control.interrupted ? Verdict::not_run : model::verdict_of(assembled.error());
        run.events.write("case_finished", json{{"verdict", to_string(verdict)},
                                               {"seconds", 0},
                                               {"failure", model::to_json(assembled.error())},
                                               {"reason", "the bench could not be assembled"}});
        run.events.end_case();
        run.tally.add(verdict);
      }
    co_return assembled;
  }
  run.events.write("run_started", run_started(run.options.plan, *run.bench, run.device_digest,
                                              run.profile_digest));
  run.events.sync();
  if (for_people) co_return co_await run_desk(run);
  co_await run_cases(run);
  if (run.red && run.options.plan.hold_on_fail && !run.control.interrupted)
    (void)co_await hold(run);
  co_return Result<>();
}

/// A switch that does not answer must not hold the end of the run for ever: the guard is next.
constexpr Duration kSafeBudget = 60s;

Task<Result<>> make_safe(Run& run) {
  if (!run.bench) co_return Result<>();
  Budget budget(kSafeBudget, "the bench to be safe");
  budget.code = "bench.not_safe";
  budget.blame = Blame::bench;
  auto safe = co_await within(std::move(budget), run.bench->make_safe());
  if (!safe)
    run.events.write(
        "note", json{{"level", "warn"},
                     {"text", "the bench could not be made safe: " + safe.error().describe()}});
  co_return safe;
}

}  // namespace

Task<Result<>> run_plan(HostOptions options) {
  auto executor = co_await asio::this_coro::executor;
  const fs::path out = options.plan.out;
  CO_TRY(auto owned, own_run_folder(out));
  CO_TRY(auto events, EventWriter::open(out / "events.jsonl", options.plan.run));
  Run run(executor, std::move(options), std::move(events));
  run.owned = std::move(owned);
  run.events.on_broken([&run](const Failure& failure) { run.alarm.raise(failure); });
  Nursery outside(executor);
  if (run.options.control_fd >= 0)
    outside.start("reading the control pipe",
                  read_control(run.options.control_fd, &run.control, &run.alarm));
  outside.start("waiting for signals", read_signals(&run.control, &run.alarm));
  outside.start("hurrying", end_at_once(&run.control, &run.events));

  Result<> ended;
  try {
    ended = co_await run_inside(run);
  } catch (const std::exception& error) {
    ended = Failure("internal.exception", Blame::seatrial,
                    std::string("the bench host broke: ") + error.what(),
                    "report this with bench.log of the run");
  }
  auto safe = co_await make_safe(run);
  json finished{{"verdicts", verdict_counts(run.tally)},
                {"seconds", run.events.now()},
                {"interrupted", run.control.interrupted}};
  if (!ended && !run.control.interrupted)
    finished["failure"] = model::to_json(ended.error());
  else if (!safe)
    finished["failure"] = model::to_json(safe.error());
  run.events.write("run_finished", finished);
  run.events.sync();

  outside.cancel();
  (void)co_await outside.join();
  run.bench_nursery.cancel();
  auto helpers = co_await run.bench_nursery.join();
  run.bench.reset();
  run.sockets.reset();
  // What could not be made safe from here is left to the guard, which has commands of its own.
  if (run.guard && safe) (void)co_await run.guard->done();
  run.nursery.cancel();
  auto joined = co_await run.nursery.join();
  run.guard.reset();
  remove_disks(out);
  run.desk.reset();
  if (!helpers) log::warn("a task of the bench ended badly: {}", helpers.error().describe());
  if (!joined) log::warn("a helper task of the bench ended badly: {}", joined.error().describe());
  co_return run.control.interrupted ? Result<>() : ended;
}

}  // namespace seatrial::bench
