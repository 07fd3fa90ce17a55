// SPDX-License-Identifier: Apache-2.0
// The server as a child: its start, its death, its answers, its events.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/base/within.hpp"
#include "core/io/file.hpp"
#include "core/io/socket.hpp"
#include "core/model/failure_json.hpp"
#include "workers/disk/client_state.hpp"

namespace seatrial::cutdisk {
namespace asio = boost::asio;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr unsigned kMostRestarts = 50;
constexpr std::size_t kLongestAnswer = 4u << 20;

Budget bench_budget(Duration span, std::string what, const char* code) {
  Budget budget(span, std::move(what));
  budget.code = code;
  budget.blame = Blame::bench;
  budget.advice = "look at the host's load and disk, and at the .err file of the disk in private/";
  return budget;
}

/// What the server says first: ready, or why not.
Task<Result<>> read_ready(asio::posix::stream_descriptor from) {
  std::string line;
  boost::system::error_code error;
  co_await asio::async_read_until(from, asio::dynamic_buffer(line, 65536), '\n',
                                  asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  const json said = json::parse(line.substr(0, line.find('\n')), nullptr, false);
  if (said.is_object() && said.contains("error"))
    co_return model::failure_from_json(said["error"]).with("starting the disk server");
  if (error || !said.is_object())
    co_return Failure("disk.start", Blame::bench, "the disk server ended before it was ready",
                      "see the .err file of the disk in private/ of the run folder");
  co_return Result<>();
}

/// One line from a stream; what is behind it is none of ours: an answer follows a request.
Task<Result<std::string>> read_line(std::shared_ptr<io::ByteStream> stream) {
  std::string line;
  std::array<char, 16384> chunk;
  while (line.find('\n') == line.npos) {
    CO_TRY(const auto n, co_await stream->read_some(chunk));
    if (n == 0 || line.size() > kLongestAnswer)
      co_return Failure("socket.io", Blame::bench, "the disk server ended the connection",
                        "see the .err file of the disk in private/ of the run folder");
    line.append(chunk.data(), n);
  }
  co_return line.substr(0, line.find('\n'));
}

Task<Result<json>> exchange(std::shared_ptr<io::ByteStream> stream, std::string line) {
  CO_CHECK_OK(co_await stream->write_all(line));
  CO_TRY(const auto text, co_await read_line(stream));
  auto answer = json::parse(text, nullptr, false);
  if (answer.is_object() && answer.contains("ok")) co_return std::move(answer["ok"]);
  if (answer.is_object() && answer.contains("error"))
    co_return model::failure_from_json(answer["error"]);
  co_return Failure("disk.protocol", Blame::seatrial, "the disk server answered nonsense",
                    "check that seatrial-disk is of the same build");
}

}  // namespace

Task<Result<>> Client::State::launch(std::shared_ptr<State> self) {
  const auto& settings = self->settings;
  std::string program = settings.program;
  if (program.empty()) {
    CO_TRY(const auto found, io::own_program("seatrial-disk"));
    program = found.string();
  }
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) co_return io::file_failure("make a pipe for", program, errno);
  io::UniqueFd from(ends[0]), to(ends[1]);
  auto command = io::cmd(program);
  if (!settings.base.empty()) command.arg("--base").arg(settings.base.string());
  if (settings.size) command.arg("--size").arg(std::to_string(settings.size));
  command.arg("--store").arg(self->file("pages").string());
  command.arg("--log").arg(self->file("log").string());
  command.arg("--nbd").arg((self->sockets->path() / "nbd").string());
  command.arg("--control").arg(self->control().string());
  if (settings.retain) command.arg("--retain");
  command.stdout_fd = to.get();
  command.stderr_file = self->file("err");
  CO_TRY(auto process, io::Process::start(self->executor, std::move(command)));
  self->process = std::make_shared<io::Process>(std::move(process));
  if (self->guard)
    if (auto added = self->guard->add(self->process->pid()); !added)
      log::warn("{}", added.error().describe());  // dead already: its first line says why
  to.reset();
  auto budget = bench_budget(20s, "the disk server to start", "disk.start");
  auto ready =
      co_await within(std::move(budget),
                      read_ready(asio::posix::stream_descriptor(self->executor, from.release())));
  if (!ready) {
    self->end_process();
    co_return ready.error();
  }
  ++self->generation;
  self->dead = false;
  self->changed.notify();
  co_return Result<>();
}

Task<Result<>> Client::State::watch(std::shared_ptr<State> self) {
  struct Watched {  // cancelled: whoever cancels the background wants the server gone
    State& state;
    ~Watched() { state.end_process(); }
  } const watched{*self};
  for (;;) {
    const auto process = self->process;
    auto status = co_await process->wait();
    if (self->stopping) co_return Result<>();
    if (self->guard) self->guard->del(process->pid());
    self->dead = true;
    const std::string how = status ? status->describe() : status.error().describe();
    Failure death("disk.died", Blame::bench, "the disk server ended by itself: " + how,
                  "it is started again and QEMU waits for it; see its .err file in private/");
    log::warn("{}", death.what());
    ++self->restarts;
    // One that dies at once, again and again, must not keep us busy.
    const std::chrono::milliseconds rest(self->restarts < 5 ? 0 : 300);
    co_await pause(rest);
    if (self->stopping) co_return Result<>();
    auto again = co_await launch(self);
    if (again && self->restarts <= kMostRestarts) {
      self->tell({DiskEvent::Kind::restarted, death});
      continue;
    }
    self->lost = again ? Failure("disk.lost", Blame::bench,
                                 fmt::format("the disk server died {} times", kMostRestarts),
                                 "find what kills seatrial-disk on this machine")
                       : std::move(again.error()).with("starting the disk server again");
    self->changed.notify();
    self->tell({DiskEvent::Kind::lost, self->lost});
    co_return Result<>();
  }
}

Task<Result<>> Client::State::ready_again(std::shared_ptr<State> self, unsigned after) {
  State* const s = self.get();
  auto budget = bench_budget(20s, "the disk server to come back", "disk.timeout");
  CO_CHECK_OK(co_await within(std::move(budget), self->changed.until([s, after] {
    return s->stopping || s->lost || s->generation != after;
  })));
  if (self->lost) co_return *self->lost;
  if (self->stopping)
    co_return Failure("disk.stopped", Blame::seatrial, "the disk was removed",
                      "ask before it is removed");
  co_return Result<>();
}

Task<Result<json>> Client::State::ask_once(std::shared_ptr<State> self, std::string line) {
  CO_TRY(auto connected, co_await io::ByteStream::connect_unix(self->control()));
  auto stream = std::make_shared<io::ByteStream>(std::move(connected));
  co_return co_await exchange(std::move(stream), std::move(line));
}

Task<Result<json>> Client::State::ask(std::shared_ptr<State> self, std::string line) {
  for (int tries = 0;; ++tries) {
    if (self->lost) co_return *self->lost;
    if (self->stopping)
      co_return Failure("disk.stopped", Blame::seatrial, "the disk was removed",
                        "ask before it is removed");
    const auto generation = self->generation;
    auto budget = bench_budget(30s, "an answer of the disk server", "disk.timeout");
    auto answer = co_await within(std::move(budget), ask_once(self, line));
    // Every request may be made twice: a server that died may have done it.
    if (answer || answer.error().code() != "socket.io" || tries == 3) co_return std::move(answer);
    CO_CHECK_OK(co_await ready_again(self, generation));
  }
}

void Client::State::hear(const json& event) {
  const std::string kind = event.value("event", "");
  if (kind == "cut" && event.value("why", "") != "asked for" &&
      event.value("why", "") != "the power came back")
    tell({DiskEvent::Kind::cut, std::nullopt});
  if (kind == "trouble" && event.contains("failure"))
    tell({DiskEvent::Kind::trouble, model::failure_from_json(event["failure"])});
}

Task<Result<>> Client::State::listen_once(std::shared_ptr<State> self) {
  CO_TRY(auto connected, co_await io::ByteStream::connect_unix(self->control()));
  auto stream = std::make_shared<io::ByteStream>(std::move(connected));
  std::uint64_t last = 0;
  while (!self->stopping) {
    json wait{{"do", "wait"}, {"after", last}, {"ms", 30000}};
    CO_TRY(const auto heard, co_await exchange(stream, wait.dump() + "\n"));
    last = heard.value("last", last);
    for (const auto& event : heard.value("events", json::array()))
      if (event.is_object() && !self->stopping) self->hear(event);
  }
  co_return Result<>();
}

Task<Result<>> Client::State::listen(std::shared_ptr<State> self) {
  while (!self->stopping && !self->lost) {
    const auto generation = self->generation;
    if (auto heard = co_await listen_once(self); !heard)
      if (auto again = co_await ready_again(self, generation); !again)
        log::debug("{}", again.error().describe());
  }
  co_return Result<>();
}

}  // namespace seatrial::cutdisk
