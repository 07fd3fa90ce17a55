// SPDX-License-Identifier: Apache-2.0
// A suite process that misbehaves on demand: the case name says how. Speaks the real protocol over
// the real socket.
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "core/io/websocket.hpp"
#include "core/model/failure_json.hpp"
#include "core/model/protocol.hpp"

using namespace seatrial;
using nlohmann::json;

namespace {

std::string env(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

model::JsonPtr box(json value) { return std::make_shared<const json>(std::move(value)); }

struct Client {
  io::BlockingWebSocket socket;
  void send(const model::Message& message) { (void)socket.send(model::encode(message)); }
  model::Message next() {
    auto frame = socket.receive();
    if (!frame || !*frame) std::_Exit(9);
    return model::decode((*frame)->data, false).value();
  }
  void result(json data) {
    send(model::Note{1, "case_result", box(std::move(data))});
    while (!std::holds_alternative<model::Ack>(next())) {
    }
  }
};

}  // namespace

int main(int, char** argv) {
  const std::string what = argv[2];
  if (what == "exits_before_contact") {
    std::fprintf(stderr, "no, thank you\n");
    return 3;
  }
  Client client{std::move(*io::BlockingWebSocket::connect(env("SEATRIAL_BENCH")))};
  model::ClientHello hello;
  hello.token = what == "wrong_token" ? "guess" : env("SEATRIAL_TOKEN");
  if (what == "old_version") hello.version = hello.oldest = 0;
  client.send(hello);
  client.next();
  if (what == "prints_much")
    for (int i = 0; i < 100000; ++i) std::printf("%s\n", std::string(199, 'x').c_str());
  if (what == "crashes") std::raise(SIGSEGV);
  if (what == "exits_early") return 0;
  if (what == "hangs")
    for (;;) ::pause();
  if (what == "asks") {
    client.send(model::Request{7, "power.status", box(json::object()), 5});
    const auto reply = std::get<model::Reply>(client.next());
    client.result({{"verdict", reply.value->at("state") == "on" ? "pass" : "fail"}});
  } else if (what == "asks_nonsense") {
    client.send(model::Request{7, "power.explode", box(json::object()), 5});
    const auto reply = std::get<model::Reply>(client.next());
    client.result({{"verdict", "error"}, {"failure", model::to_json(*reply.failure)}});
  } else if (what == "asks_for_ever") {
    client.send(model::Request{7, "boot.next", box({{"after", 1}}), 0});
    client.next();
  } else if (what == "waits_for_abort") {
    const auto message = client.next();
    std::printf("aborted: %d\n", static_cast<int>(message.index()));
    for (;;) ::pause();
  } else if (what == "fails") {
    client.result({{"verdict", "fail"},
                   {"failure",
                    model::to_json(Failure("expectation", Blame::product, "1 is not 2", "look"))}});
  } else if (what == "skips") {
    client.result({{"verdict", "skip"}, {"reason", "not today"}});
  } else if (what == "passes_then_crashes") {
    client.result({{"verdict", "pass"}});
    std::raise(SIGABRT);
  } else {
    client.result({{"verdict", "pass"}});
  }
  client.socket.close();
  return 0;
}
