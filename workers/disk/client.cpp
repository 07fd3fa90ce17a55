// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/client.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/base/within.hpp"
#include "core/disk/nbd.hpp"
#include "core/io/file.hpp"
#include "core/model/failure_json.hpp"
#include "workers/disk/client_state.hpp"

namespace seatrial::cutdisk {
using nlohmann::json;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

Client::Client(std::shared_ptr<State> state) : state_(std::move(state)) {}

Client::~Client() {
  state_->stopping = true;
  state_->sinks.clear();
  state_->end_process();
  state_->sockets.reset();
  state_->guard = nullptr;
  state_->changed.notify();
}

void Client::State::end_process() {
  if (!process) return;
  process->signal_group(SIGKILL);
  if (guard) guard->del(process->pid());
}

void Client::State::tell(const DiskEvent& event) {
  const auto now = sinks;  // a sink may remove itself
  for (const auto& [name, sink] : now)
    if (sink) sink(event);
}

Task<Result<std::shared_ptr<Client>>> Client::start(Nursery& nursery, Guard* guard,
                                                    DiskSettings settings) {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto state = std::make_shared<State>(nursery, executor, std::move(settings), guard);
  CO_CHECK_OK(io::make_dirs(state->settings.folder));
  CO_TRY(auto sockets, SocketFolder::make(state->settings.folder, guard));
  state->sockets.emplace(std::move(sockets));
  // Large, and no evidence of anything once the run is over; the log is.
  if (guard) guard->unlink_at_end(fs::absolute(state->file("pages")));
  std::shared_ptr<Client> client(new Client(state));
  CO_CHECK_OK(co_await State::launch(state));
  nursery.start("watching the disk server", State::watch(state));
  nursery.start("listening to the disk server", State::listen(state));
  co_return std::move(client);
}

fs::path Client::socket() const { return state_->sockets->path() / "nbd"; }
std::string Client::offline() const { return disk::nbd_url("offline", socket().string()); }
unsigned Client::restarts() const { return state_->restarts; }
int Client::pid() const { return state_->process ? state_->process->pid() : 0; }
const DiskSettings& Client::settings() const { return state_->settings; }
std::vector<fs::path> Client::files() const {
  return {state_->file("pages"), state_->file("log"), state_->file("err")};
}

void Client::on_event(std::string name, std::function<void(const DiskEvent&)> sink) {
  if (sink)
    state_->sinks[std::move(name)] = std::move(sink);
  else
    state_->sinks.erase(name);
}

Task<Result<json>> Client::ask(json request) {
  return State::ask(state_, request.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

Task<Result<CutDone>> Client::cut() {
  json request{{"do", "cut"}};
  CO_TRY(const auto done, co_await ask(std::move(request)));
  CutDone out;
  out.pending = done.value("pending", std::uint64_t{0});
  out.kept = done.value("kept", std::uint64_t{0});
  co_return out;
}

/// A request whose answer says nothing but that it was done.
Task<Result<>> Client::State::perform(std::shared_ptr<State> self, json request) {
  CO_TRY(const auto done, co_await ask(self, request.dump() + "\n"));
  (void)done;
  co_return Result<>();
}

Task<Result<>> Client::revive() {
  json request{{"do", "revive"}};
  return State::perform(state_, std::move(request));
}
Task<Result<>> Client::ignore_flushes(bool ignore) {
  json request{{"do", "host_flushes"}, {"ignore", ignore}};
  return State::perform(state_, std::move(request));
}
Task<Result<>> Client::save(std::string snapshot) {
  json request{{"do", "snapshot"}, {"save", std::move(snapshot)}};
  return State::perform(state_, std::move(request));
}
Task<Result<>> Client::restore(std::string snapshot) {
  json request{{"do", "snapshot"}, {"restore", std::move(snapshot)}};
  return State::perform(state_, std::move(request));
}
Task<Result<>> Client::forget(std::string snapshot) {
  json request{{"do", "snapshot"}, {"forget", std::move(snapshot)}};
  return State::perform(state_, std::move(request));
}
Task<Result<>> Client::mark(std::string text) {
  json request{{"do", "mark"}, {"text", std::move(text)}};
  return State::perform(state_, std::move(request));
}

Task<Result<>> Client::remove() {
  auto state = state_;
  state->stopping = true;
  state->changed.notify();
  if (state->process) {
    co_await state->process->stop(2s);
    if (state->guard) state->guard->del(state->process->pid());
  }
  std::error_code error;
  fs::remove(state->file("pages"), error);
  if (state->guard) state->guard->keep(fs::absolute(state->file("pages")));
  if (error) co_return io::file_failure("remove", state->file("pages"), error.value());
  co_return Result<>();
}

}  // namespace seatrial::cutdisk
