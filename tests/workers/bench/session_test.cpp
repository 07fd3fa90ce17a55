// SPDX-License-Identifier: Apache-2.0
// Session against clients that are no honest Client: old, greedy, deaf, of a lease that is over.
#include "workers/bench/session.hpp"

#include <gtest/gtest.h>

#include "core/model/verbs.hpp"
#include "tests/workers/bench/live_session.hpp"

namespace seatrial::bench {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

Task<Result<json>> status(std::string verb, json) { co_return json{{"state", verb}}; }

Task<Result<json>> never(std::string, json) {
  co_await pause(1h);
  co_return json::object();
}

Task<Result<json>> large(std::string, json) {
  co_return json{{"text", std::string(1u << 20, 'x')}};
}

Task<Result<json>> binary(std::string, json) { co_return json{{"text", "\xff"}}; }

/// A connection of frames, not of calls.
struct Raw {
  explicit Raw(test::Loop& l, LiveSession& bench)
      : loop(l), socket(std::move(*loop.run(io::WebSocket::connect(bench.socket())))) {}
  void hello(model::ClientHello hello = {}) { EXPECT_TRUE(send(hello)); }
  Result<> send(const model::Message& message) {
    return loop.run(socket.send(*model::encode(message)));
  }
  Result<> ask(std::uint64_t id, const char* verb, double deadline = 0) {
    return send(model::Request{id, verb, std::make_shared<const json>(json::object()), deadline});
  }
  model::Message next() {
    const auto frame = loop.run(socket.receive());
    EXPECT_TRUE(frame && *frame) << "the connection is closed";
    return frame && *frame ? *model::decode((**frame).data, false) : model::Message();
  }
  Failure failure() {
    const auto message = next();
    const auto* reply = std::get_if<model::Reply>(&message);
    if (reply && reply->failure) return *reply->failure;
    return Failure("none", Blame::suite, "there was no failure", "look at the test");
  }
  test::Loop& loop;
  io::WebSocket socket;
};

class SessionTest : public testing::Test {
 protected:
  test::Loop loop;
  LiveSession bench{loop};
};

/// An older client: it has never heard of streams.
TEST_F(SessionTest, refuses_a_verb_that_came_after_the_version_of_its_client) {
  auto socket = loop.run(io::WebSocket::connect(bench.socket()));
  ASSERT_TRUE(socket);
  model::ClientHello hello;
  hello.version = 1;
  ASSERT_TRUE(loop.run(socket->send(*model::encode(hello))));
  model::Request request{1, "console.attach", std::make_shared<const json>(json::object()), 0};
  ASSERT_TRUE(loop.run(socket->send(*model::encode(request))));
  const auto welcome = model::decode((**loop.run(socket->receive())).data, false);
  EXPECT_EQ(std::get<model::ServerHello>(*welcome).version, 1);
  const auto reply = model::decode((**loop.run(socket->receive())).data, false);
  EXPECT_EQ(std::get<model::Reply>(*reply).failure->code(), "protocol.version");
}

TEST_F(SessionTest, ends_with_a_client_that_sends_beyond_its_window_and_serves_the_next) {
  bench.on_stream = [](std::shared_ptr<Stream>) { return never("", nullptr); };
  bench.on_call = status;
  auto socket = loop.run(io::WebSocket::connect(bench.socket()));
  ASSERT_TRUE(socket);
  ASSERT_TRUE(loop.run(socket->send(*model::encode(model::ClientHello()))));
  model::Request request{1, "console.attach", std::make_shared<const json>(json::object()), 0};
  ASSERT_TRUE(loop.run(socket->send(*model::encode(request))));
  ASSERT_TRUE(loop.run(
      socket->send(model::encode_stream(1, std::string(2 * model::kStreamWindow, 'x')), true)));
  EXPECT_TRUE(loop.run_until([&] { return bench.ended == "protocol.window"; }, 5s)) << bench.ended;
  EXPECT_EQ(loop.run(bench.client()->call("power.on", json::object()))->at("state"), "power.on");
}

TEST_F(SessionTest, a_client_of_an_older_lease_is_refused_and_reads_why) {
  bench.lease = 7;
  Raw old(loop, bench);
  model::ClientHello hello;
  hello.epoch = 6;
  old.hello(hello);
  const auto answer = old.next();
  ASSERT_TRUE(std::holds_alternative<model::Abort>(answer));
  const auto& failure = std::get<model::Abort>(answer).failure;
  EXPECT_EQ(failure.code(), "lease.stale_epoch");
  EXPECT_NE(failure.what().find("epoch 6"), std::string::npos);
  EXPECT_NE(failure.what().find("epoch 7"), std::string::npos);
  EXPECT_TRUE(loop.run_until([&] { return bench.ended == "lease.stale_epoch"; }, 5s));
  for (const std::int64_t epoch : {7, 8}) {
    Raw client(loop, bench);
    hello.epoch = epoch;
    client.hello(hello);
    EXPECT_TRUE(std::holds_alternative<model::ServerHello>(client.next())) << epoch;
  }
}

TEST_F(SessionTest, refuses_a_second_hello_on_one_connection) {
  bench.on_call = status;
  Raw client(loop, bench);
  client.hello();
  client.next();
  client.hello();
  const auto answer = client.next();
  ASSERT_TRUE(std::holds_alternative<model::Abort>(answer));
  EXPECT_EQ(std::get<model::Abort>(answer).failure.code(), "protocol.second_hello");
  EXPECT_TRUE(loop.run_until([&] { return bench.ended == "protocol.second_hello"; }, 5s));
}

TEST_F(SessionTest, a_value_that_is_no_text_is_a_failure_and_not_other_text) {
  bench.on_call = binary;
  Raw client(loop, bench);
  client.hello();
  client.next();
  ASSERT_TRUE(client.ask(1, "power.status"));
  EXPECT_EQ(client.failure().code(), "protocol.not_text");
  bench.on_call = status;
  ASSERT_TRUE(client.ask(2, "power.status"));
  EXPECT_TRUE(std::get<model::Reply>(client.next()).value) << "the connection goes on";
}

TEST_F(SessionTest, a_request_ends_at_its_deadline_or_at_that_of_its_verb) {
  bench.on_call = never;
  bench.default_deadline = 0.05;
  Raw client(loop, bench);
  client.hello();
  client.next();
  ASSERT_TRUE(client.ask(1, "power.status"));
  const auto ours = client.failure();
  EXPECT_EQ(ours.code(), "deadline.request");
  EXPECT_EQ(ours.blame(), Blame::unknown) << "nobody is accused of a guard that ran out";
  EXPECT_NE(ours.advice().find("default deadline"), std::string::npos);
  bench.default_deadline = 3600;
  ASSERT_TRUE(client.ask(2, "power.status", 0.05));
  const auto theirs = client.failure();
  EXPECT_EQ(theirs.code(), "deadline.request");
  EXPECT_NE(theirs.advice().find("the caller"), std::string::npos);
}

TEST_F(SessionTest, a_deadline_that_no_clock_can_count_is_cut) {
  bench.on_call = status;
  Raw client(loop, bench);
  client.hello();
  client.next();
  ASSERT_TRUE(client.ask(1, "power.status", 1e300));
  EXPECT_TRUE(std::get<model::Reply>(client.next()).value);
}

TEST_F(SessionTest, takes_so_many_requests_of_a_client_at_a_time) {
  bench.on_call = never;
  Raw client(loop, bench);
  client.hello();
  client.next();
  std::uint64_t id = 0;
  while (id < model::kMostOpenRequests) ASSERT_TRUE(client.ask(++id, "power.status"));
  ASSERT_TRUE(client.ask(++id, "power.status"));
  EXPECT_EQ(client.failure().code(), "protocol.too_many");
  ASSERT_TRUE(client.send(model::Cancel{1}));
  EXPECT_EQ(client.failure().blame(), Blame::cancelled);
  bench.on_call = status;
  ASSERT_TRUE(client.ask(++id, "power.status"));
  EXPECT_TRUE(std::get<model::Reply>(client.next()).value) << "there is room again";
}

/// Sends until it is not read any more; how many requests got out.
Task<Result<>> send_many(io::WebSocket* socket, std::uint64_t count, std::uint64_t* sent) {
  while (*sent < count) {
    model::Request request{*sent + 1, "power.status", std::make_shared<const json>(json::object()),
                           0};
    auto text = *model::encode(request);
    CO_CHECK_OK(co_await socket->send(std::move(text)));
    ++*sent;
  }
  co_return Result<>();
}

TEST_F(SessionTest, a_client_that_does_not_read_its_replies_is_not_read) {
  bench.on_call = large;
  Raw deaf(loop, bench);
  deaf.hello();
  deaf.next();
  std::uint64_t sent = 0;
  constexpr std::uint64_t kMany = 20'000;
  loop.nursery().start("sending", send_many(&deaf.socket, kMany, &sent));
  EXPECT_FALSE(loop.run_until([&] { return sent == kMany; }, 1s));
  const int calls = bench.calls;
  EXPECT_LT(calls, 100) << "each is answered with a megabyte that nobody takes";
  EXPECT_FALSE(loop.run_until([&] { return bench.calls > calls; }, 200ms));
  // Others are served meanwhile, and it itself as soon as it reads.
  bench.on_call = status;
  const auto other = bench.client();
  EXPECT_EQ(loop.run(other->call("power.on", json::object()))->at("state"), "power.on");
  for (std::uint64_t replies = 0; replies < kMany; ++replies) {
    const auto reply = deaf.next();
    ASSERT_TRUE(std::holds_alternative<model::Reply>(reply));
  }
  EXPECT_EQ(sent, kMany);
}

TEST_F(SessionTest, a_deaf_client_that_goes_away_ends_its_session) {
  bench.on_call = large;
  {
    Raw deaf(loop, bench);
    deaf.hello();
    deaf.next();
    for (std::uint64_t id = 1; id <= 40; ++id) ASSERT_TRUE(deaf.ask(id, "power.status"));
    EXPECT_TRUE(loop.run_until([&] { return bench.calls > 8; }, 5s));
  }
  EXPECT_TRUE(loop.run_until([&] { return bench.sessions.empty(); }, 5s));
}

TEST_F(SessionTest, notes_are_acknowledged_together_when_nobody_reads) {
  Raw deaf(loop, bench);
  deaf.hello();
  deaf.next();
  constexpr std::uint64_t kMany = 20'000;
  for (std::uint64_t seq = 1; seq <= kMany; ++seq)
    ASSERT_TRUE(deaf.send(
        model::Note{seq, "note", std::make_shared<const json>(json{{"text", "and one more"}})}));
  std::uint64_t acknowledged = 0, acks = 0;
  while (acknowledged < kMany) {
    acknowledged = std::get<model::Ack>(deaf.next()).seq;
    ++acks;
  }
  EXPECT_LT(acks, kMany / 2);
}

}  // namespace
}  // namespace seatrial::bench
