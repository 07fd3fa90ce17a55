// SPDX-License-Identifier: Apache-2.0
#include "core/cli/run/host.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/notifier.hpp"
#include "core/base/nursery.hpp"
#include "core/base/within.hpp"
#include "core/cli/run/event_tail.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::cli {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
namespace {

/// The guard's commands have limits of their own; longer than this nobody is kept waiting.
constexpr Duration kGuardLimit = 3min;

struct Pipe {
  io::UniqueFd read, write;
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return io::file_failure("open", "a control pipe", errno);
  ::fcntl(fds[0], F_SETFD, 0);  // the bench host's end: it goes through exec
  return Pipe{io::UniqueFd(fds[0]), io::UniqueFd(fds[1])};
}

/// Everything of one run as its followers see it; lives in run().
struct Following {
  Following(asio::any_io_executor executor, Scene& s, Display& d)
      : scene(s), display(d), changed(executor), signals(executor, SIGINT, SIGTERM, SIGHUP) {}
  Scene& scene;
  Display& display;
  Notifier changed;
  /// Caught from before the bench host starts: a Ctrl-C at any moment goes through here.
  asio::signal_set signals;
  io::UniqueFd control;
  io::Process* process = nullptr;
  HostEnd end;
  bool exited = false;
  bool left = false;  ///< the user does not wait for the guard
  /// Event log time and our clock, side by side: events are followed live.
  Duration aligned{};

  double now() const { return seconds(Clock::system().monotonic() - aligned); }
  void order(std::string_view line) const {
    // A pipe whose reader has gone means that the bench host is ending anyway.
    [[maybe_unused]] const auto n = ::write(control.get(), line.data(), line.size());
  }
};

void on_event(Following& run, const model::Event& event) {
  run.aligned = Clock::system().monotonic() - from_seconds(event.mono);
  const auto finished = run.scene.apply(event);
  run.display.event(run.scene, event, finished);
  if (run.scene.held() && !run.end.held) {
    run.end.held = true;
    run.changed.notify();
  }
}

/// First: cancel. Second: kill. Third: the guard does what the bench host no longer can.
Task<Result<>> obey_signals(Following* run) {
  for (int count = 1;; ++count) {
    co_await run->signals.async_wait(asio::use_awaitable);
    run->end.interrupted = true;
    if (count == 1) {
      run->display.say("stopping: the bench goes to its safe state (again to end it at once)");
      run->order("cancel\n");
    } else if (count == 2) {
      run->display.say("ending the bench host at once");
      run->order("kill\n");
    } else if (run->process != nullptr && run->process->running()) {
      run->process->signal_group(SIGKILL);
    } else {
      run->left = true;
    }
  }
}

Task<Result<>> keep_time(Following* run) {
  for (;;) {
    co_await pause(1s);
    run->display.tick(run->scene, run->now());
  }
}

/// A log that cannot be followed costs the display, not the run.
Task<Result<>> follow(EventTail* tail, Following* run) {
  auto followed = co_await tail->follow();
  if (!followed) run->display.say("no progress to show: " + followed.error().describe());
  co_return Result<>();
}

/// The bench is safe when its guard is gone too, which has the run folder's lock until then: after
/// a bench host that was killed it has work to do.
Task<> await_guard(const fs::path& folder, Following* run) {
  const fs::path lock = folder / "bench.pid";
  const auto began = Clock::system().monotonic();
  std::error_code error;
  if (!fs::exists(lock, error)) co_return;  // the bench host did not come so far
  for (bool told = false; !run->left;) {
    const auto free = io::FileLock::acquire(lock, 0s, "the guard of the bench");
    if (free || free.error().code() != "lock.busy") co_return;
    const auto waited = Clock::system().monotonic() - began;
    if (waited > kGuardLimit) break;
    if (!told && waited > 1s) {
      run->display.say("the guard puts the bench into its safe state (Ctrl-C: do not wait)");
      told = true;
    }
    co_await pause(20ms);
  }
  run->end.trouble += "; its guard is still at work: see " + (folder / "guard.log").string();
}

Task<Result<>> await_exit(Following* run, fs::path folder) {
  CO_TRY(const auto status, co_await run->process->wait());
  if (!status.ok()) {
    run->end.signalled = true;
    run->end.trouble = status.describe();
  }
  co_await await_guard(folder, run);
  run->exited = true;
  run->changed.notify();
  co_return Result<>();
}

io::Command command_for(const fs::path& program, const model::RunPlan& plan, int control) {
  const fs::path out = plan.out;
  auto command = io::cmd(program.string());
  command.arg("--plan").arg((out / "plan.json").string());
  command.arg("--control").arg(std::to_string(control));
  command.stdout_file = command.stderr_file = out / "bench.log";
  command.pass_fds.push_back(control);
  // It must outlive us: cancelled through the pipe it puts the bench in its safe state.
  command.new_session = true;
  command.die_with_parent = false;
  return command;
}

Task<Result<HostEnd>> run(fs::path program, model::RunPlan plan, Scene* scene, Display* display) {
  auto executor = co_await asio::this_coro::executor;
  Following following(executor, *scene, *display);
  following.aligned = Clock::system().monotonic();
  CO_TRY(auto pipe, make_pipe());
  CO_TRY(auto tail, EventTail::open(fs::path(plan.out) / "events.jsonl",
                                    [&](const auto& event) { on_event(following, event); }));
  auto command = command_for(program, plan, pipe.read.get());
  CO_TRY(auto process, io::Process::start(executor, std::move(command)));
  pipe.read.reset();
  following.control = std::move(pipe.write);
  following.process = &process;

  Nursery nursery(executor);
  nursery.start("following the event log", follow(&tail, &following));
  nursery.start("waiting for signals", obey_signals(&following));
  nursery.start("keeping time", keep_time(&following));
  nursery.start("waiting for the bench host", await_exit(&following, plan.out));
  (void)co_await following.changed.until([&] { return following.exited || following.end.held; });
  nursery.cancel();
  (void)co_await nursery.join();
  CO_CHECK_OK(tail.drain());
  display->end();
  if (following.end.held) process.release();
  co_return following.end;
}

}  // namespace

Result<> write_plan(const model::RunPlan& plan) {
  const fs::path out = plan.out;
  CHECK_OK(io::make_dirs(out));
  CHECK_OK(io::write_file_atomic(out / "plan.json", model::to_json(plan).dump(2) + "\n"));
  // There before the bench host, so that it can be watched; the bench host appends.
  CHECK_OK(io::AppendFile::open(out / "events.jsonl"));
  return {};
}

Result<HostEnd> run_bench_host(const fs::path& program, const model::RunPlan& plan, Scene& scene,
                               Display& display) {
  asio::io_context context(1);
  auto done = asio::co_spawn(context, run(program, plan, &scene, &display), asio::use_future);
  context.run();
  return done.get();
}

}  // namespace seatrial::cli
