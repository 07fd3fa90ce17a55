// SPDX-License-Identifier: Apache-2.0
// Client and Session, face to face over a real socket.
#include "workers/bench/client.hpp"

#include <gtest/gtest.h>

#include "core/model/verbs.hpp"
#include "tests/workers/bench/live_session.hpp"

namespace seatrial::bench {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
using Kind = StreamItem::Kind;

Task<Result<json>> status(std::string verb, json) {
  if (verb == "power.off")
    co_return Failure("power.not_off", Blame::bench, "the relay is stuck", "replace it");
  co_return json{{"state", verb}};
}

Task<Result<json>> never(std::string, json) {
  co_await pause(1h);
  co_return json::object();
}

Task<Result<json>> echo(std::shared_ptr<Stream> stream) {
  std::uint64_t bytes = 0;
  for (;;) {
    CO_TRY(auto item, co_await stream->receive());
    if (item.kind == Kind::end) co_return json{{"offset", bytes}};
    bytes += item.bytes.size();
    CO_CHECK_OK(co_await stream->send(std::move(item.bytes)));
  }
}

Task<Result<json>> flood(std::shared_ptr<Stream> stream) {
  for (std::uint64_t sent = 0;; sent += 65536)
    CO_CHECK_OK(co_await stream->send(std::string(65536, static_cast<char>('a' + sent % 26))));
}

class ClientTest : public testing::Test {
 protected:
  Result<json> call(const std::string& verb, json arguments = json::object()) {
    return loop.run(client->call(verb, std::move(arguments)));
  }
  test::Loop loop;
  LiveSession bench{loop};
  std::shared_ptr<Client> client = bench.client();
};

TEST_F(ClientTest, gets_values_and_failures_and_the_name_of_the_bench) {
  bench.on_call = status;
  EXPECT_EQ(client->bench_name(), "scripted");
  EXPECT_EQ(call("power.on")->at("state"), "power.on");
  EXPECT_EQ(call("power.off").error().advice(), "replace it");
  EXPECT_EQ(call("power.explode").error().code(), "protocol.unknown_verb");
  EXPECT_EQ(call("power.on", json{{"x", 1}}).error().code(), "protocol.argument");
}

Task<Result<>> send_all(std::shared_ptr<Stream> stream, std::string bytes) {
  CO_CHECK_OK(co_await stream->send(std::move(bytes)));
  stream->finish();
  co_return Result<>();
}

Task<Result<std::string>> read_all(std::shared_ptr<Stream> stream) {
  std::string all;
  for (;;) {
    CO_TRY(auto item, co_await stream->receive());
    if (item.kind == Kind::end) co_return all;
    all += item.bytes;
  }
}

TEST_F(ClientTest, streams_many_windows_of_any_bytes_both_ways) {
  bench.on_stream = echo;
  std::string bytes(5 * model::kStreamWindow + 17, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  const auto stream = client->open("console.attach", json::object());
  loop.nursery().start("send", send_all(stream, bytes));
  const auto back = loop.run(read_all(stream));
  ASSERT_TRUE(back) << back.error().describe();
  EXPECT_TRUE(*back == bytes);
  EXPECT_EQ(loop.run(client->ended(stream))->at("offset"), bytes.size());
}

TEST_F(ClientTest, that_does_not_read_gets_no_more_than_a_window_and_still_its_replies) {
  bench.on_call = status;
  bench.on_stream = flood;
  const auto stream = client->open("console.attach", json::object());
  EXPECT_EQ(call("power.status")->at("state"), "power.status");
  EXPECT_FALSE(loop.run_until([] { return false; }, 100ms));
  std::size_t held = 0;
  while (held < model::kStreamWindow) held += loop.run(stream->receive())->bytes.size();
  EXPECT_EQ(held, model::kStreamWindow);
  EXPECT_EQ(call("power.status")->at("state"), "power.status");
}

TEST_F(ClientTest, that_cancels_a_stream_ends_it_there) {
  bench.on_stream = flood;
  const auto stream = client->open("console.attach", json::object());
  ASSERT_TRUE(loop.run(stream->receive()));
  client->cancel(*stream);
  EXPECT_EQ(loop.run(client->ended(stream)).error().blame(), Blame::cancelled);
  EXPECT_EQ(bench.cancelled, 1);
}

TEST_F(ClientTest, that_leaves_ends_its_requests_there) {
  bench.on_stream = flood;
  const auto stream = client->open("console.attach", json::object());
  ASSERT_TRUE(loop.run(stream->receive()));
  client.reset();
  EXPECT_TRUE(loop.run_until([&] { return bench.cancelled == 1 && bench.sessions.empty(); }, 5s));
}

TEST_F(ClientTest, is_told_why_the_bench_ends) {
  bench.on_call = never;
  bench.on_stream = echo;
  const auto stream = client->open("console.attach", json::object());
  for (auto* session : bench.sessions)
    session->abort(Failure("desk.ended", Blame::cancelled, "it was ended", "start another"));
  EXPECT_EQ(loop.run(stream->receive()).error().code(), "desk.ended");
  EXPECT_EQ(call("power.status").error().code(), "desk.ended");
  EXPECT_TRUE(loop.run_until([&] { return bench.sessions.empty(); }, 5s));
  EXPECT_EQ(bench.ended, "well") << "an abort of our own is no failure of the session";
}

TEST(Client, is_told_that_nobody_listens) {
  test::Loop loop;
  const auto none = loop.run(Client::connect("/nonexistent/socket", loop.nursery()));
  EXPECT_FALSE(none);
}

}  // namespace
}  // namespace seatrial::bench
