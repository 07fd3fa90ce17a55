// SPDX-License-Identifier: Apache-2.0
// seatrial release: ends the hold of a device that `run --hold-on-fail` kept running.
#include <fmt/core.h>

#include <sys/syscall.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <charconv>
#include <csignal>

#include "core/base/text.hpp"
#include "core/base/within.hpp"
#include "core/cli/run/outcome.hpp"
#include "core/cli/run/perform.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "core/io/file.hpp"

namespace seatrial::cli {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

/// The bench host of a run, if it still runs: its command line names this run's plan, so that a
/// process which merely got the same number is never touched.
Result<io::UniqueFd> bench_host_of(const fs::path& folder) {
  const Failure gone("bench.not_held", Blame::suite, "no bench host holds " + shown_path(folder),
                     "'seatrial run --hold-on-fail' holds a device when a case is not green");
  const auto text = io::read_file(folder / "bench.pid");
  if (!text) return gone;
  int pid = 0;
  std::from_chars(text->data(), text->data() + text->size(), pid);
  if (pid <= 1) return gone;
  io::UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const auto line = io::read_file(fmt::format("/proc/{}/cmdline", pid));
  const auto plan = (fs::weakly_canonical(folder) / "plan.json").string();
  if (!handle || !line || line->find(plan) == std::string::npos) return gone;
  return handle;
}

Task<Result<>> ended(int handle) {
  asio::posix::stream_descriptor process(co_await asio::this_coro::executor, ::dup(handle));
  co_await process.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  co_return Result<>();
}

Result<int> release(const Invocation& call) {
  fs::path folder;
  if (call.operands.empty()) {
    TRY(folder, latest_run());
  } else {
    folder = fs::absolute(call.operands.front());
  }
  TRY(const auto handle, bench_host_of(folder));
  if (::syscall(SYS_pidfd_send_signal, handle.get(), SIGTERM, nullptr, 0) != 0)
    return io::file_failure("signal the bench host of", folder, errno);
  asio::io_context context(1);
  auto done = asio::co_spawn(
      context,
      within(Budget(std::chrono::seconds(60), "the safe state of the bench"), ended(handle.get())),
      asio::use_future);
  context.run();
  CHECK_OK(done.get());
  fmt::print("released: the device is off\n");
  return 0;
}

}  // namespace

const Verb& release_verb() {
  static const Verb verb{
      .name = "release",
      .summary = "end the hold of a device that was kept after a failure",
      .operands = "[RUN]",
      .most_operands = 1,
      .words = Words::runs,
      .description =
          "Ends what 'seatrial run --hold-on-fail' left running: the device is switched "
          "off and the bench host ends. 'seatrial power off' does the same for what is on the "
          "desk. RUN is the run folder; the default is the "
          "newest.",
      .examples = {{"seatrial release runs/latest", ""}},
      .run = release};
  return verb;
}

}  // namespace seatrial::cli
