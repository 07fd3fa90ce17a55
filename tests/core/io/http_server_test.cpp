// SPDX-License-Identifier: Apache-2.0
#include "core/io/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/file.hpp"
#include "tests/core/io/live_http.hpp"

namespace seatrial::io {
namespace {
using testing::HasSubstr;
using testing::StartsWith;
using Exchange = std::shared_ptr<HttpExchange>;

/// Says back what it got: method, path, body.
Task<Result<>> echo(Exchange exchange) {
  CO_TRY(const std::string body, co_await exchange->read_all(1 << 20));
  const HttpRequest& request = exchange->request();
  HttpResponse answer(200, "text/plain", request.method + " " + request.path + " " + body);
  co_return co_await exchange->respond(std::move(answer));
}

struct Echo : testing::Test {
  LiveHttp live{echo};
  std::uint16_t port = live.listen("127.0.0.1:0").port;
  void SetUp() override { live.start(); }
  std::string url(const std::string& path) {
    return "http://127.0.0.1:" + std::to_string(port) + path;
  }
};

TEST_F(Echo, one_connection_serves_many_requests_even_sent_at_once) {
  RawClient client(port);
  client.send(
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
      "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string got = client.read_all();
  EXPECT_THAT(got, HasSubstr("GET /a "));
  EXPECT_THAT(got, HasSubstr("POST /b one"));
  EXPECT_THAT(got, HasSubstr("GET /c "));
}

TEST_F(Echo, a_chunked_body_in_small_pieces_is_put_together) {
  RawClient client(port);
  for (const char* piece :
       {"POST /x HTTP/1.1\r\nHo", "st: x\r\nTransfer-Encoding: chunked\r\n",
        "Connection: close\r\n\r\n5\r\nhe", "llo\r\n1", "\r\n!\r\n", "0\r\n", "\r\n"})
    client.send(piece);
  EXPECT_THAT(client.read_all(), HasSubstr("POST /x hello!"));
}

TEST_F(Echo, expect_100_continue_is_honoured) {
  RawClient client(port);
  client.send(
      "PUT /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 Continue"));
  client.send("ok");
  EXPECT_THAT(client.read_all(), HasSubstr("PUT /x ok"));
}

TEST_F(Echo, head_has_a_length_and_no_body) {
  RawClient client(port);
  client.send("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string got = client.read_all();
  EXPECT_THAT(got, HasSubstr("Content-Length: 8"));
  EXPECT_TRUE(got.ends_with("\r\n\r\n"));
}

TEST_F(Echo, the_client_facade_speaks_to_it) {
  HttpCall call("PATCH", url("/p%20q?x=1"));
  call.body = std::string(200'000, 'b');
  const HttpResponse answer = call_ok(call);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "PATCH /p q " + call.body);
}

TEST_F(Echo, malformed_requests_are_answered_400_or_431_and_the_server_lives) {
  const std::string table[] = {
      "\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length: abc\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 a TLS hello on a plain port\r\n\r\n",
      std::string("GET /\0 HTTP/1.1\r\n\r\n", 19),
      "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n",
      std::string(100'000, 'A'),
      std::string(5000, '\xff'),
  };
  for (const std::string& bytes : table) {
    RawClient client(port);
    client.send(bytes);
    client.end_sending();
    const std::string got = client.read_all();
    EXPECT_THAT(got, testing::AnyOf(StartsWith("HTTP/1.1 400"), StartsWith("HTTP/1.1 431"), ""))
        << bytes.substr(0, 60);
  }
  EXPECT_EQ(call_ok(HttpCall("GET", url("/alive"))).body, "GET /alive ");
}

TEST_F(Echo, broken_bodies_end_their_connection_only) {
  for (const char* bytes :
       {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"}) {
    RawClient client(port);
    client.send(bytes);
    client.end_sending();
    EXPECT_THAT(client.read_all(), testing::Not(HasSubstr("200 OK"))) << bytes;
  }
  EXPECT_EQ(call_ok(HttpCall("GET", url("/alive"))).status, 200);
}

TEST_F(Echo, a_refused_port_refuses_and_comes_back_on_the_same_number) {
  RawClient kept(port);
  kept.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(kept.read_until("GET /a "), HasSubstr("200 OK"));
  live.on_loop([&] { live.server.refuse(); });
  kept.read_all();
  EXPECT_TRUE(kept.was_reset());
  for (int i = 0; i < 3; ++i) {
    RawClient refused(port);
    EXPECT_EQ(refused.error(), ECONNREFUSED);
  }
  EXPECT_TRUE(live.on_loop([&] { return live.server.accept_again().has_value(); }));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call_ok(HttpCall("GET", url("/b"))).body, "GET /b ");
}

TEST(HttpServer, a_unix_socket_refuses_and_comes_back_too) {
  const auto dir = TempDir::make("http").value();
  const std::string path = (dir.path() / "s").string();
  LiveHttp live(echo);
  live.listen("unix:" + path);
  live.start();
  const std::string url = "http+unix:" + path + ":/x";
  EXPECT_EQ(call_ok(HttpCall("GET", url)).body, "GET /x ");
  live.on_loop([&] { live.server.refuse(); });
  EXPECT_THAT(call_ok(HttpCall("GET", url)).body, StartsWith("http.connect"));
  EXPECT_TRUE(live.on_loop([&] { return live.server.accept_again().has_value(); }));
  EXPECT_EQ(call_ok(HttpCall("GET", url)).body, "GET /x ");
}

TEST(HttpServer, connections_beyond_the_limit_are_reset) {
  HttpServerOptions options;
  options.max_connections = 2;
  LiveHttp live(echo, options);
  const auto port = live.listen("127.0.0.1:0").port;
  live.start();
  RawClient a(port), b(port);
  for (RawClient* client : {&a, &b}) {
    client->send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(client->read_until("GET /a "), HasSubstr("200 OK"));
  }
  RawClient third(port);
  third.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(third.read_all(), "");
}

TEST(HttpServer, an_idle_connection_and_a_dribbled_head_are_ended_in_time) {
  HttpServerOptions options;
  options.idle_budget = std::chrono::milliseconds(100);
  options.head_budget = std::chrono::milliseconds(100);
  LiveHttp live(echo, options);
  const auto port = live.listen("127.0.0.1:0").port;
  live.start();
  RawClient silent(port), dribbling(port);
  dribbling.send("GET / HT");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(dribbling.read_all(), "");
}

Task<Result<std::string>> count_down(std::shared_ptr<int> left) {
  if (*left == 0) co_return std::string();
  --*left;
  co_return std::string(100'000, 'z');
}

Task<Result<>> big(Exchange exchange) {
  auto left = std::make_shared<int>(50);
  const bool known = exchange->request().path == "/known";
  std::optional<std::uint64_t> length;
  if (known) length = 5'000'000;
  HttpResponse head(200, "text/plain");
  HttpBodySource source = [left] { return count_down(left); };
  co_return co_await exchange->respond_stream(std::move(head), length, std::move(source));
}

TEST(HttpServer, streams_with_and_without_a_length) {
  LiveHttp live(big);
  const auto port = live.listen("127.0.0.1:0").port;
  live.start();
  for (const char* path : {"/known", "/unknown"}) {
    HttpCall call("GET", "http://127.0.0.1:" + std::to_string(port) + path);
    std::size_t got = 0;
    call.sink = [&](std::string_view piece) -> Result<> {
      got += piece.size();
      return {};
    };
    EXPECT_EQ(call_ok(call).status, 200);
    EXPECT_EQ(got, 5'000'000u) << path;
  }
}

TEST(HttpServer, ends_cleanly_while_requests_hang) {
  auto live = std::make_unique<LiveHttp>([](Exchange exchange) -> Task<Result<>> {
    co_await exchange->wait_or_gone(Duration(-1));
    co_return Result<>();
  });
  const auto port = live->listen("127.0.0.1:0").port;
  live->start();
  RawClient client(port);
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  while (live->on_loop([&] { return live->server.connections(); }) == 0) {
  }
  live->stop();
  ASSERT_TRUE(live->ended.has_value());
  EXPECT_TRUE(live->ended->has_value()) << live->ended->error().describe();
}

TEST(HttpServer, says_which_address_is_taken) {
  LiveHttp first(echo), second(echo);
  const HttpEndpoint bound = first.listen("127.0.0.1:0");
  const auto again = second.server.listen(bound);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().what(), HasSubstr(bound.text()));
}

}  // namespace
}  // namespace seatrial::io
