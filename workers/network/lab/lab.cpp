// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/lab.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "core/base/within.hpp"
#include "core/io/file.hpp"
#include "core/model/failure_json.hpp"
#include "workers/network/lab/lab_process.hpp"

namespace seatrial::network {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using nlohmann::json;

struct Lab::Impl::Output {
  asio::posix::stream_descriptor pipe;
  std::string heard;  ///< not yet a line
};

namespace {

/// The next line; nothing at its end.
Task<Result<std::optional<json>>> next_line(asio::posix::stream_descriptor& pipe,
                                            std::string& heard) {
  boost::system::error_code error;
  const auto end =
      co_await asio::async_read_until(pipe, asio::dynamic_buffer(heard, 1 << 20), '\n',
                                      asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error) co_return std::optional<json>();
  auto line = json::parse(heard.substr(0, end), nullptr, false);
  heard.erase(0, end);
  if (!line.is_object()) line = json::object();
  co_return std::optional<json>(std::move(line));
}

Failure ended_early(const LabSettings& settings) {
  return Failure("network.start", Blame::bench,
                 "the lab network ended before it was ready, without a word",
                 "see labnet.log in " + settings.folder.string());
}

/// The first line that seatrial-labnet prints, as a value or its failure.
Task<Result<json>> first_line(asio::posix::stream_descriptor& pipe, std::string& heard,
                              LabSettings settings) {
  CO_TRY(const auto line, co_await next_line(pipe, heard));
  if (!line) co_return ended_early(settings);
  if (!line->value("ready", false))
    co_return model::failure_from_json(line->value("failure", json::object()));
  co_return *line;
}

struct Started {
  io::Process process;
  asio::posix::stream_descriptor pipe;
};

Result<Started> start_labnet(asio::any_io_executor executor, io::Command command) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return io::file_failure("make a pipe for", command.program, errno);
  io::UniqueFd read_end(ends[0]), write_end(ends[1]);
  command.stdout_fd = write_end.get();
  TRY(auto process, io::Process::start(executor, std::move(command)));
  return Started{std::move(process), asio::posix::stream_descriptor(executor, read_end.release())};
}

Budget start_budget() {
  Budget budget(30s, "the lab network to start");
  budget.code = "network.start";
  budget.blame = Blame::bench;
  budget.advice = "see labnet.log in the run folder, and the host's load";
  return budget;
}

/// What the caller left open.
Result<LabSettings> completed(LabSettings wanted, const SocketFolder& folder) {
  TRY(const auto ethernet, io::own_program("seatrial-switch"));
  wanted.switch_program = ethernet.string();
  wanted.sockets = folder.path();
  wanted.folder = std::filesystem::absolute(wanted.folder);
  for (auto& nic : wanted.nics)
    if (nic.interface.empty()) nic.socket = (folder.path() / nic.name).string();
  return wanted;
}

}  // namespace

Task<Result<std::string>> Lab::probe() {
  CO_TRY(const auto program, io::own_program("seatrial-labnet"));
  auto command = io::cmd(program.string()).arg("probe");
  CO_TRY(auto started, start_labnet(co_await asio::this_coro::executor, std::move(command)));
  std::string heard;
  auto reading = first_line(started.pipe, heard, LabSettings());
  CO_TRY(const auto line, co_await within(start_budget(), std::move(reading)));
  co_return line.value("link", "");
}

Task<Result<std::unique_ptr<Lab>>> Lab::start(Nursery& nursery, Guard* guard, LabSettings wanted,
                                              Trouble on_trouble) {
  CO_TRY(const auto program, io::own_program("seatrial-labnet"));
  CO_TRY(auto folder, SocketFolder::make(wanted.folder, guard));
  CO_TRY(auto settings, completed(std::move(wanted), folder));
  const auto file = folder.path() / "labnet.json";
  CO_CHECK_OK(io::write_file_atomic(file, to_json(settings).dump(), 0600));
  auto command = io::cmd(program.string()).arg("run").arg(file.string());
  command.stderr_file = settings.folder / "labnet.log";
  CO_TRY(auto started, start_labnet(co_await asio::this_coro::executor, std::move(command)));
  if (guard) (void)guard->add(started.process.pid());  // dead already: the pipe will say so
  auto out = std::make_shared<Impl::Output>(Impl::Output{std::move(started.pipe), {}});
  auto impl =
      std::make_shared<Impl>(nursery, guard, std::move(settings), std::move(folder),
                             std::move(started.process), std::move(out), std::move(on_trouble));
  std::unique_ptr<Lab> lab(new Lab(impl));
  auto reading = first_line(impl->out->pipe, impl->out->heard, impl->settings);
  CO_TRY(const auto line, co_await within(start_budget(), std::move(reading)));
  (void)line;
  // A look, so that the capture's stamps are told apart from the host's wall clock.
  CO_TRY(const auto nothing_yet, impl->captures.observe(0));
  (void)nothing_yet;
  nursery.start("watching the lab network", watch(impl));
  co_return std::move(lab);
}

Task<Result<>> Lab::watch(std::shared_ptr<Impl> impl) {
  for (;;) {
    auto next = co_await next_line(impl->out->pipe, impl->out->heard);
    if (impl->stopping) co_return Result<>();
    if (!next || !*next) break;
    const json& line = **next;
    if (!line.contains("died")) continue;
    const auto part = line.value("died", "");
    impl->on_trouble(Failure(
        "network.part_died", Blame::bench,
        fmt::format("{} of the lab network ended by itself: {}", part, line.value("how", "")),
        fmt::format("see {}.log in the run folder; what the DUT got from then on is no fault of "
                    "its own",
                    part)));
  }
  impl->on_trouble(Failure("network.died", Blame::bench,
                           "the lab network has gone, with everything in it",
                           "see labnet.log in the run folder: who killed it?"));
  co_return Result<>();
}

Lab::~Lab() {
  impl_->stopping = true;
  if (impl_->guard) impl_->guard->del(impl_->process.pid());
  impl_->process.signal_group(SIGKILL);  // which ends its output, and so the watcher
}

Task<> Lab::stop() {
  impl_->stopping = true;
  co_await impl_->process.stop(5s);
}

int Lab::pid() const { return impl_->process.pid(); }
const LabSettings& Lab::settings() const { return impl_->settings; }

}  // namespace seatrial::network
