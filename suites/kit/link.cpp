// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/link.hpp"

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "suites/kit/failure.hpp"

namespace seatrial::kit {
namespace {

constexpr double kGrace = 60;
constexpr double kGreeting = 30;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Failure host_gone() {
  return Failure("bench.host_gone", Blame::seatrial,
                 "the bench host closed the connection while the case was running",
                 "read the end of events.jsonl and the log of the bench host");
}

Failure host_silent(double seconds) {
  return Failure("bench.host_silent", Blame::seatrial,
                 "the bench host has not answered for " +
                     std::to_string(static_cast<long>(std::lround(seconds))) + " s",
                 "look whether the bench host is stopped or the machine overloaded");
}

}  // namespace

Environment Environment::read() {
  Environment environment;
  environment.socket = variable("SEATRIAL_BENCH");
  environment.token = variable("SEATRIAL_TOKEN");
  environment.run = variable("SEATRIAL_RUN");
  environment.suite_digest = variable("SEATRIAL_SUITE_DIGEST");
  const int attempt = std::atoi(variable("SEATRIAL_ATTEMPT").c_str());
  environment.attempt = attempt > 0 ? attempt : 1;
  environment.epoch = std::atoll(variable("SEATRIAL_EPOCH").c_str());
  return environment;
}

Result<std::unique_ptr<Link>> Link::open(const Environment& environment,
                                         const std::string& case_name) {
  TRY(auto socket, io::BlockingWebSocket::connect(environment.socket));
  std::unique_ptr<Link> link(new Link(std::move(socket)));
  CHECK_OK(link->greet(environment, case_name));
  return link;
}

Result<> Link::greet(const Environment& environment, const std::string& case_name) {
  model::ClientHello hello;
  hello.run = environment.run;
  hello.attempt = environment.attempt;
  hello.case_name = case_name;
  hello.suite_digest = environment.suite_digest;
  hello.epoch = environment.epoch;
  hello.token = environment.token;
  try {
    send(model::Message(hello));
    const auto answer = next(kGreeting);
    const auto* server = std::get_if<model::ServerHello>(&answer);
    if (!server)
      return Failure("protocol.no_hello", Blame::seatrial,
                     "the bench host answered our hello with something else",
                     "check that SEATRIAL_BENCH is the socket of a bench host");
    TRY(version_, model::agree_on_version(model::kProtocolVersion, model::kOldestProtocol,
                                          server->version, server->oldest));
    bench_name_ = server->bench;
    return {};
  } catch (const CaseEnded& ended) {
    return ended.failure;
  }
}

void Link::send(const model::Message& message) {
  const auto text = model::encode(message);
  if (!text) throw BenchFailure(text.error());
  if (auto sent = socket_.send(*text); !sent) {
    // The host may have said why before it went: an Abort that we have not read yet.
    while (socket_.readable(std::chrono::milliseconds(200))) {
      const auto frame = socket_.receive();
      if (!frame || !*frame) break;
      const auto last = model::decode((*frame)->data, false);
      if (last && std::holds_alternative<model::Abort>(*last))
        throw CaseEnded{std::get<model::Abort>(*last).failure};
    }
    throw CaseEnded{host_gone()};
  }
}

model::Message Link::next(double patience) {
  for (;;) {
    if (!socket_.readable(std::chrono::milliseconds(static_cast<long>(patience * 1000))))
      throw CaseEnded{host_silent(patience)};
    const auto frame = socket_.receive();
    if (!frame) throw CaseEnded{frame.error()};
    if (!*frame) throw CaseEnded{host_gone()};
    if ((*frame)->binary) continue;  // a stream nobody here asked for
    auto message = model::decode((*frame)->data, false);
    if (!message) throw CaseEnded{message.error()};
    if (const auto* abort = std::get_if<model::Abort>(&*message)) throw CaseEnded{abort->failure};
    if (const auto* ack = std::get_if<model::Ack>(&*message))
      acknowledged_ = std::max(acknowledged_, ack->seq);
    return std::move(*message);
  }
}

nlohmann::json Link::call(const std::string& verb, nlohmann::json args, double deadline) {
  double patience = deadline;
  if (const auto* known = model::find_verb(verb)) {
    if (auto fits = model::check_version(*known, args, version_); !fits)
      throw BenchFailure(fits.error());
    if (deadline <= 0) patience = model::default_deadline(*known, args);
  }
  const model::Request request{++last_id_, verb,
                               std::make_shared<const nlohmann::json>(std::move(args)), deadline};
  send(model::Message(request));
  for (;;) {
    const auto message = next(patience + kGrace);
    const auto* reply = std::get_if<model::Reply>(&message);
    if (!reply || reply->id != last_id_) continue;
    if (reply->failure) throw BenchFailure(*reply->failure);
    return *reply->value;
  }
}

void Link::note(const std::string& kind, nlohmann::json data) {
  send(model::Message(
      model::Note{++last_note_, kind, std::make_shared<const nlohmann::json>(std::move(data))}));
}

void Link::deliver(nlohmann::json case_result) {
  note("case_result", std::move(case_result));
  while (acknowledged_ < last_note_) next(kGrace);
}

}  // namespace seatrial::kit
