// SPDX-License-Identifier: Apache-2.0
#include "tests/suites/kit/scripted_bench.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

#include "core/io/file.hpp"
#include "core/io/websocket.hpp"

namespace seatrial::kit {
namespace {
using nlohmann::json;
using namespace std::chrono_literals;

json default_info() {
  return {{"device",
           {{"slug", "qemu-amd64"},
            {"budgets", {{"boot_to_ssh", 70}}},
            {"boot_loader", {{"attempt_limit", 1}}}}},
          {"profile", {{"paths", {{"state", "/mnt/state"}}}, {"units", {{"engine", "balena"}}}}},
          {"image", {{"name", "refos"}, {"version", "1.0.0"}, {"digest", "sha256:0"}}},
          {"files", json::object()},
          {"capabilities", {"power", "shell"}},
          {"budget_scale", 2.0},
          {"mutant", ""}};
}

model::JsonPtr shared(json value) { return std::make_shared<const json>(std::move(value)); }

// Outside of co_await expressions: g++ 12 destroys temporaries of aggregates in them twice.
std::string encoded(const auto& message) { return *model::encode(model::Message(message)); }

Task<bool> answer(io::WebSocket& socket, const Script& script, const model::Request& request,
                  Transcript& seen) {
  seen.requests.emplace_back(request.verb, *request.args);
  seen.deadlines.push_back(request.deadline);
  if (request.verb == script.vanish_at) {
    socket.abort();
    co_return false;
  }
  if (request.verb == script.abort_at) {
    const Failure stop("console.panic", Blame::product, "the kernel panicked", "read the console");
    const auto frame = encoded(model::Abort{stop});
    static_cast<void>(co_await socket.send(frame));
    co_return true;
  }
  model::Reply reply;
  reply.id = request.id;
  const auto it = script.replies.find(request.verb);
  if (it == script.replies.end()) {
    reply.value = shared(request.verb == "bench.info" ? default_info() : json::object());
  } else if (auto value = it->second(*request.args)) {
    reply.value = shared(*value);
  } else {
    reply.failure = value.error();
  }
  if (script.two_in_one) {
    // Both frames are in the socket before the client can read the first.
    const auto ack = encoded(model::Ack{0});
    static_cast<void>(co_await socket.send(ack));
  }
  const auto frame = encoded(reply);
  static_cast<void>(co_await socket.send(frame));
  co_return true;
}

Task<> serve(io::WebSocketListener& listener, const Script& script, Transcript& seen) {
  auto socket = co_await listener.accept();
  if (!socket) co_return;
  for (;;) {
    auto frame = co_await socket->receive();
    if (!frame || !*frame) co_return;
    const auto message = model::decode((*frame)->data, true);
    if (!message) co_return;
    if (const auto* hello = std::get_if<model::ClientHello>(&*message)) {
      seen.hello = *hello;
      const model::ServerHello ours{script.version, script.oldest, "scripted"};
      const auto reply = script.refuse ? encoded(model::Abort{*script.refuse}) : encoded(ours);
      static_cast<void>(co_await socket->send(reply));
    } else if (const auto* note = std::get_if<model::Note>(&*message)) {
      seen.notes.emplace_back(note->kind, *note->data);
      const auto ack = encoded(model::Ack{note->seq});
      if (note->kind == "case_result") static_cast<void>(co_await socket->send(ack));
    } else if (const auto* request = std::get_if<model::Request>(&*message)) {
      const bool go_on = co_await answer(*socket, script, *request, seen);
      if (!go_on) co_return;
    }
  }
}

}  // namespace

std::optional<json> Transcript::result() const {
  const auto all = of_kind("case_result");
  return all.empty() ? std::nullopt : std::optional<json>(all.back());
}

std::vector<json> Transcript::of_kind(const std::string& kind) const {
  std::vector<json> all;
  for (const auto& [name, data] : notes)
    if (name == kind) all.push_back(data);
  return all;
}

Played play(const std::string& program, const std::string& case_name, Script script) {
  const auto dir = io::TempDir::make("kit").value();
  const auto path = dir.path() / "bench";
  boost::asio::io_context context;
  auto listener = io::WebSocketListener::listen(context.get_executor(), path).value();
  Transcript seen;
  auto served =
      boost::asio::co_spawn(context, serve(listener, script, seen), boost::asio::use_future);
  std::thread server([&] { context.run(); });
  const auto command = io::cmd(program)
                           .arg("--case")
                           .arg(case_name)
                           .with_env("SEATRIAL_BENCH", path.string())
                           .with_env("SEATRIAL_TOKEN", "a token")
                           .with_env("SEATRIAL_RUN", "run-1")
                           .with_env("SEATRIAL_ATTEMPT", "3")
                           .with_env("SEATRIAL_EPOCH", "5")
                           .with_env("SEATRIAL_SUITE_DIGEST", "sha256:1234");
  auto output = io::run_blocking(command, Budget(30s, "the fixture suite"));
  boost::asio::post(context, [&] { listener.close(); });  // for a child that never connected
  server.join();
  static_cast<void>(served);
  return {output.value(), seen};
}

std::string bare_suite() { return SEATRIAL_BINARY_DIR "/tests/suite_bare"; }
std::string fixture_suite() { return SEATRIAL_BINARY_DIR "/tests/suite_fixture"; }

}  // namespace seatrial::kit
