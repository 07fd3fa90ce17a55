// SPDX-License-Identifier: Apache-2.0
#include "core/io/http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/file.hpp"
#include "tests/core/io/live_http.hpp"

namespace seatrial::io {
namespace {
using testing::HasSubstr;

/// Accepts one connection and says fixed bytes, whatever it hears.
class Parrot {
 public:
  explicit Parrot(std::string bytes) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(fd_.get(), 4);
    socklen_t size = sizeof address;
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, bytes = std::move(bytes)] {
      UniqueFd client(::accept(fd_.get(), nullptr, nullptr));
      char scratch[4096];
      (void)!::recv(client.get(), scratch, sizeof scratch, 0);
      (void)!::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ::shutdown(client.get(), SHUT_WR);
      while (::recv(client.get(), scratch, sizeof scratch, 0) > 0) {
      }
    });
  }
  ~Parrot() { thread_.join(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port) + "/"; }
  std::uint16_t port = 0;

 private:
  UniqueFd fd_;
  std::thread thread_;
};

std::string code_of(const Result<HttpResponse>& answer) {
  return answer ? "status " + std::to_string(answer->status) : answer.error().code();
}

TEST(HttpClient, answers_it_may_believe_and_answers_it_may_not) {
  struct Row {
    const char *bytes, *outcome, *body;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "status 200", "ok"},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "status 200", "until the end"},
      {"HTTP/1.1 204 No Content\r\n\r\n", "status 204", ""},
      {"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", "status 304", ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "status 200",
       "ok"},
      {"HTTP/1.0 404 Nope\r\nContent-Length: 0\r\n\r\n", "status 404", ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut", "http.malformed", nullptr},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "http.malformed", nullptr},
      {"HTTP/1.1 200 OK\r\nContent-Le", "http.malformed", nullptr},
      {"", "http.malformed", nullptr},
      {"SSH-2.0-OpenSSH_9.2\r\n", "http.malformed", nullptr},
      {"HTTP/1.1 abc OK\r\n\r\n", "http.malformed", nullptr},
  };
  for (const Row& row : rows) {
    Parrot parrot(row.bytes);
    const auto answer = http_call_blocking(HttpCall("GET", parrot.url()));
    EXPECT_EQ(code_of(answer), row.outcome) << row.bytes;
    if (row.body == nullptr) continue;
    EXPECT_EQ(answer ? answer->body : "no answer", row.body) << row.bytes;
  }
}

TEST(HttpClient, a_body_beyond_the_limit_is_refused) {
  Parrot parrot("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
  HttpCall call("GET", parrot.url());
  call.max_body = 1000;
  EXPECT_EQ(code_of(http_call_blocking(call)), "http.too_large");
}

TEST(HttpClient, a_silent_server_costs_the_budget_and_no_more) {
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  HttpCall call("GET", "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/");
  call.budget = std::chrono::milliseconds(80);
  const Duration start = Clock::system().monotonic();
  const auto answer = http_call_blocking(call);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), "http.timeout");
  EXPECT_THAT(answer.error().what(), HasSubstr("127.0.0.1"));
  EXPECT_GE(Clock::system().monotonic() - start, std::chrono::milliseconds(80));
}

TEST(HttpClient, nobody_there_is_said_with_the_address) {
  const auto answer = http_call_blocking(HttpCall("GET", "http://127.0.0.1:1/x"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), "http.connect");
  EXPECT_THAT(answer.error().what(), HasSubstr("127.0.0.1:1"));
  EXPECT_EQ(code_of(http_call_blocking(HttpCall("GET", "http+unix:/nonexistent:/"))),
            "http.connect");
  EXPECT_EQ(code_of(http_call_blocking(HttpCall("GET", "gopher://x"))), "http.url");
}

TEST(HttpClient, a_header_that_would_split_the_request_is_refused) {
  HttpCall call("GET", "http://127.0.0.1:1/");
  call.headers.add("X", "a\r\nY: b");
  EXPECT_EQ(code_of(http_call_blocking(call)), "http.url");
}

}  // namespace
}  // namespace seatrial::io
