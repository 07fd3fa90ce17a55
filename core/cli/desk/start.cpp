// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/start.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <boost/asio/this_coro.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "core/base/race.hpp"
#include "core/base/within.hpp"
#include "core/cli/desk/visit.hpp"
#include "core/cli/desk/waiting.hpp"
#include "core/cli/run/perform.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "core/model/event.hpp"

namespace seatrial::cli {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
namespace {

Failure busy(const DeskPlace& place) {
  return Failure("desk.busy", Blame::bench, "another desk bench has just been started",
                 fmt::format("'{}' tells which; --desk NAME makes one beside it",
                             place.command("power status")));
}

/// What the bench host said before it ended.
Failure ended_early(const fs::path& folder, const std::string& how) {
  const auto log = model::read_event_log(folder / "events.jsonl");
  if (log && !log->events.empty())
    if (const auto failure = log->events.back().failure()) return *failure;
  return Failure("desk.not_started", Blame::bench,
                 fmt::format("the bench host ended before it could be reached ({})", how),
                 fmt::format("see {}; 'seatrial doctor' checks what it needs",
                             (folder / "bench.log").string()));
}

io::Command command_for(const std::string& program, const fs::path& out, int control) {
  auto command = io::cmd(program);
  command.arg("--plan").arg((out / "plan.json").string());
  command.arg("--control").arg(std::to_string(control));
  command.stdout_file = command.stderr_file = out / "bench.log";
  command.pass_fds.push_back(control);
  command.new_session = true;  // it stays when this terminal goes
  command.die_with_parent = false;
  return command;
}

Task<Result<>> until_reachable(DeskPlace place, int pid, Waiting* waiting) {
  for (int round = 0;; ++round) {
    const auto file = place.folder / model::kDeskRecord;
    const auto record = model::desk_record_from_file(file.string());
    if (record && record->pid == pid) co_return Result<>();
    if (round % 10 == 0) waiting->tick("");
    co_await pause(50ms);
  }
}

/// Reachable, or a failure that says what became of it.
Task<Result<>> started(io::Process* process, DeskPlace place, fs::path out, Waiting* waiting) {
  Budget budget(5min, "the bench host to be ready");
  budget.blame = Blame::bench;
  auto reachable = until_reachable(place, process->pid(), waiting);
  auto first = co_await race(within(std::move(budget), std::move(reachable)), process->wait());
  if (first.index() == 0) co_return std::get<0>(first);
  const auto& status = std::get<1>(first);
  auto failure = ended_early(out, status ? status->describe() : status.error().what());
  if (failure.code() == "desk.busy") failure = busy(place);
  co_return failure;
}

Task<Result<int>> switch_on(ClientPtr client) {
  json nothing = json::object();
  CO_TRY(const auto state, co_await client->call("power.on", std::move(nothing)));
  (void)state;
  co_return 0;
}

Task<Result<>> switched_on(DeskPlace place) {
  CO_TRY(const auto record,
         model::desk_record_from_file((place.folder / model::kDeskRecord).string()));
  auto visited =
      visit(record.socket, [](ClientPtr client) { return switch_on(std::move(client)); });
  CO_CHECK_OK(co_await std::move(visited));
  co_return Result<>();
}

Task<Result<int>> start(std::string program, DeskPlace place, fs::path out, bool power_on,
                        Waiting* waiting) {
  auto executor = co_await asio::this_coro::executor;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) co_return io::file_failure("open", "a control pipe", errno);
  io::UniqueFd theirs(ends[0]), ours(ends[1]);
  ::fcntl(theirs.get(), F_SETFD, 0);  // it goes through exec
  auto command = command_for(program, out, theirs.get());
  CO_TRY(auto process, io::Process::start(executor, std::move(command)));
  theirs.reset();
  Result<> ready;
  std::exception_ptr thrown;
  try {
    ready = co_await started(&process, place, out, waiting);
    if (ready && power_on) ready = co_await switched_on(place);
  } catch (...) {  // interrupted
    thrown = std::current_exception();
  }
  if (thrown || !ready) {
    // Without our end of the pipe, and once it can be reached by a signal, it goes to its safe
    // state and ends.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    ours.reset();
    process.signal_group(SIGTERM);
    Budget soon(20s, "the bench host to end");
    (void)co_await within(std::move(soon), process.wait());
  } else {
    process.release();
  }
  if (thrown) std::rethrow_exception(thrown);
  if (!ready) co_return ready.error();
  co_return 0;
}

}  // namespace

const std::vector<Option>& start_options() {
  static const std::vector<Option> options{
      {"image", "FILE|NAME",
       "Image to start with: a disk image (raw, qcow2, or packed with gz, xz, zst, bz2, zip), or a "
       "name of 'seatrial list images'.",
       Words::images, "SEATRIAL_IMAGE"},
      {"device", "SLUG", "Device type; see 'seatrial list devices'.", Words::devices,
       "SEATRIAL_DEVICE"},
      {"profile", "NAME", "OS profile, when it is not the device type's own.", Words::profiles,
       "SEATRIAL_PROFILE"},
      {"out", "DIR", "Run folder; the default is runs/ID in the current folder.", Words::folders}};
  return options;
}

Result<model::DeskRecord> start_desk(const DeskPlace& place, const Invocation& call,
                                     bool power_on) {
  const bool quiet = call.has("quiet");
  const auto installation = Installation::find();
  TRY(const auto program, installation.program("seatrial-bench"));
  RunRequest request;
  request.image.image = call.value("image");
  request.device = call.value("device", request.device);
  request.profile = call.value("profile");
  request.folder = call.value("out");
  request.argv = {"seatrial"};
  request.argv.insert(request.argv.end(), call.argv.begin(), call.argv.end());
  request.desk = place.folder;
  const auto display = display_for_stderr(quiet);
  TRY(const auto plan, make_plan(installation, request, *display));
  display->end();
  CHECK_OK(write_plan(plan));
  {
    auto waiting = Waiting::on_stderr(
        fmt::format("starting a desk bench: {} with {}", request.device, plan.image.name), quiet);
    CHECK_OK(run_interruptibly(start(program.string(), place, plan.out, power_on, &waiting)));
  }
  return model::desk_record_from_file((place.folder / model::kDeskRecord).string());
}

}  // namespace seatrial::cli
