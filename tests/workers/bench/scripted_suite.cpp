// SPDX-License-Identifier: Apache-2.0
// A suite process that misbehaves on demand: the case name says how. Speaks the real protocol over
// the real socket. `--list` names the cases that a run on the tiny OS can use
// (tests/e2e/tiny_os.hpp).
#include <poll.h>
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
  std::uint64_t id = 100;
  void send(const model::Message& message) { send_text(*model::encode(message)); }
  void send_text(const std::string& text) { (void)socket.send(text); }
  model::Message next() {
    auto frame = socket.receive();
    if (!frame || !*frame) std::_Exit(9);
    return model::decode((*frame)->data, false).value();
  }
  json ask(const char* verb, json arguments) {
    send(model::Request{++id, verb, box(std::move(arguments)), 100});
    const auto reply = std::get<model::Reply>(next());
    if (reply.failure) {
      std::printf("%s\n", reply.failure->describe().c_str());
      result({{"verdict", "error"}, {"failure", model::to_json(*reply.failure)}});
      std::exit(0);
    }
    return *reply.value;
  }
  void result(json data) {
    constexpr std::uint64_t last = 1u << 30;
    send(model::Note{last, "case_result", box(std::move(data))});
    for (;;) {
      const auto message = next();
      if (const auto* ack = std::get_if<model::Ack>(&message); ack && ack->seq == last) return;
    }
  }
};

/// The cases for whole runs, as `seatrial` asks for them: {name, checkpoint}. The last one is well.
int list() {
  constexpr const char* kCases[][2] = {{"passes", "fresh"},          {"boots_and_waits", "fresh"},
                                       {"waits_for_abort", "fresh"}, {"needs_a_shell", "booted"},
                                       {"fills_the_log", "fresh"},   {"boots", "fresh"}};
  json cases = json::array();
  for (const auto& [name, checkpoint] : kCases)
    cases.push_back({{"suite", "scripted"},
                     {"case", name},
                     {"checkpoint", checkpoint},
                     {"needs", json::array()},
                     {"budget_seconds", 300}});
  std::printf("%s\n", cases.dump().c_str());
  return 0;
}

void print_a_gigabyte() {
  const std::string line(1'000'000, 'x');
  for (int i = 0; i < 1000; ++i) std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

/// A child that outlives this process, unless somebody ends the whole group.
void leave_a_child() {
  const pid_t child = ::fork();
  if (child == 0)
    for (;;) ::pause();
  std::printf("pid %d\n", static_cast<int>(child));
  std::fflush(stdout);
}

/// Notes of `bytes` each, one every `pause` milliseconds at most.
void note_much(Client& client, std::uint64_t count, std::size_t bytes, int pause) {
  for (std::uint64_t i = 1; i <= count; ++i) {
    const json data{{"level", "info"}, {"text", std::string(bytes, 'x')}};
    client.send(model::Note{i, "note", box(data)});
    ::poll(nullptr, 0, pause);
  }
}

void fail(Client& client) {
  const Failure failure("expectation", Blame::product, "1 is not 2", "look");
  client.result({{"verdict", "fail"}, {"failure", model::to_json(failure)}});
}

/// By the signal itself, whatever a sanitizer would make of it.
void crash() {
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
}

/// "fails", "passes_then_crashes": reports, does that, and ends with the exit code.
int report(Client& client, const std::string& what) {
  if (what.starts_with("fails"))
    fail(client);
  else
    client.result({{"verdict", "pass"}});
  const auto at = what.find("_then_");
  const std::string then = at == what.npos ? "" : what.substr(at + 6);
  if (then == "crashes") crash();
  if (then == "exits_with_1") return 1;
  if (then == "passes") client.result({{"verdict", "pass"}});
  if (then == "fails") fail(client);
  if (then == "babbles") client.send_text("no JSON at all");
  if (then == "lingers") client.socket.close();
  if (then == "lingers" || then == "stays" || then == "babbles")
    for (;;) ::pause();
  client.socket.close();
  return 0;
}

/// Switches the DUT on and sees the tiny guest's first letter.
void boot(Client& client) {
  client.ask("power.on", json::object());
  client.ask("console.expect", {{"patterns", {"R"}}, {"from", 0}, {"timeout", 60}});
}

}  // namespace

int main(int, char** argv) {
  if (std::string(argv[1]) == "--list") return list();
  const std::string what = argv[2];
  if (what == "exits_before_contact") {
    std::fprintf(stderr, "no, thank you\n");
    return 3;
  }
  Client client{std::move(*io::BlockingWebSocket::connect(env("SEATRIAL_BENCH")))};
  model::ClientHello hello;
  hello.token = what == "wrong_token" ? "guess" : env("SEATRIAL_TOKEN");
  hello.epoch = what == "old_lease" ? 1 : std::stoll(env("SEATRIAL_EPOCH"));
  if (what == "old_version") hello.version = hello.oldest = 0;
  client.send(hello);
  client.next();
  if (what == "prints_a_gigabyte") print_a_gigabyte();
  if (what == "leaves_a_child") leave_a_child();
  if (what == "boots" || what == "boots_and_waits") boot(client);
  if (what == "fills_the_log") note_much(client, 16'000, 1000, 1);
  if (what == "notes_much") note_much(client, 40, 1'000'000, 0);
  if (what == "crashes") crash();
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
  } else if (what == "waits_for_abort" || what == "boots_and_waits" || what == "fills_the_log") {
    const auto message = client.next();
    std::printf("aborted: %d\n", static_cast<int>(message.index()));
    for (;;) ::pause();
  } else if (what.starts_with("reports ")) {
    client.result({{"verdict", what.substr(8)}});
  } else if (what == "reports_no_object") {
    client.result("pass");
  } else if (what.starts_with("expects_and_")) {
    client.send(model::Note{1, "assertion", box({{"ok", false}, {"text", "1 is not 2"}})});
    client.send(model::Note{2, "assertion", box({{"ok", true}, {"text", "1 is 1"}})});
    for (int acknowledged = 0; acknowledged < 2; ++acknowledged) (void)client.next();
    if (what == "expects_and_crashes") crash();
    return report(client, "passes");
  } else if (what == "skips") {
    client.result({{"verdict", "skip"}, {"reason", "not today"}});
  } else {
    return report(client, what);
  }
  client.socket.close();
  return 0;
}
