// SPDX-License-Identifier: Apache-2.0
// Certificates made at run time, and what a client makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/io/file.hpp"
#include "core/io/tls.hpp"
#include "tests/core/io/live_http.hpp"

namespace seatrial::io {
namespace {
using testing::HasSubstr;

Task<Result<>> ok(std::shared_ptr<HttpExchange> exchange) {
  HttpResponse answer(200, "text/plain", std::string(exchange->listener()));
  co_return co_await exchange->respond(std::move(answer));
}

constexpr auto day = std::chrono::hours(24);

struct TlsServer {
  explicit TlsServer(const TlsKeyPair& identity) {
    port = live.listen("127.0.0.1:0", make_tls_server(identity).value()).port;
    live.start();
  }
  /// "https" when it is trusted, else the failure.
  std::string ask(const std::string& host, const TlsTrust& trust) {
    HttpCall call("GET", "https://" + host + ":" + std::to_string(port) + "/");
    call.tls = make_tls_client(trust).value();
    auto answer = http_call_blocking(call);
    return answer ? answer->body : answer.error().code() + " " + answer.error().what();
  }
  LiveHttp live{ok};
  std::uint16_t port = 0;
};

TlsTrust only(const std::string& pem) {
  TlsTrust trust;
  trust.system_store = false;
  trust.extra_pem = pem;
  return trust;
}

struct Tls : testing::Test {
  TlsKeyPair ca = make_test_ca("Test CA").value();
  TlsKeyPair certificate(Duration from, Duration until, std::vector<std::string> names) {
    CertificateWish wish;
    wish.not_before = from;
    wish.not_after = until;
    wish.names = std::move(names);
    return make_certificate(ca, wish).value();
  }
};

TEST_F(Tls, a_good_certificate_is_accepted_by_address_and_by_name) {
  TlsServer server(certificate(-day, day, {"localhost", "127.0.0.1"}));
  EXPECT_EQ(server.ask("127.0.0.1", only(ca.certificate_pem)), "https");
  EXPECT_EQ(server.ask("localhost", only(ca.certificate_pem)), "https");
}

TEST_F(Tls, every_certificate_of_a_bundle_counts) {
  const TlsKeyPair other = make_test_ca("Other CA").value();
  TlsServer server(certificate(-day, day, {"127.0.0.1"}));
  EXPECT_EQ(server.ask("127.0.0.1", only(other.certificate_pem + ca.certificate_pem)), "https");
  EXPECT_EQ(server.ask("127.0.0.1", only(ca.certificate_pem + other.certificate_pem)), "https");
}

TEST_F(Tls, expired_early_foreign_and_unknown_are_refused_with_the_reason) {
  struct Row {
    Duration from, until;
    const char *name, *reason;
  };
  const Row rows[] = {{-2 * day, -day, "127.0.0.1", "certificate has expired"},
                      {day, 2 * day, "127.0.0.1", "not yet valid"},
                      {-day, day, "elsewhere.invalid", "http.tls"}};
  for (const Row& row : rows) {
    TlsServer server(certificate(row.from, row.until, {row.name}));
    const std::string said = server.ask("127.0.0.1", only(ca.certificate_pem));
    EXPECT_THAT(said, HasSubstr("http.tls"));
    EXPECT_THAT(said, HasSubstr(row.reason));
  }
  TlsServer server(certificate(-day, day, {"127.0.0.1"}));
  EXPECT_THAT(server.ask("127.0.0.1", TlsTrust()), HasSubstr("unable to get local issuer"));
}

TEST_F(Tls, a_client_that_hangs_up_in_the_handshake_hurts_nobody) {
  TlsServer server(certificate(-day, day, {"127.0.0.1"}));
  for (const char* bytes : {"", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01"}) {
    RawClient client(server.port);
    client.send(bytes);
    client.end_sending();
    client.read_all();
  }
  EXPECT_EQ(server.ask("127.0.0.1", only(ca.certificate_pem)), "https");
}

TEST_F(Tls, the_identity_can_change_between_connections) {
  TlsServer server(certificate(-2 * day, -day, {"127.0.0.1"}));
  EXPECT_THAT(server.ask("127.0.0.1", only(ca.certificate_pem)), HasSubstr("expired"));
  auto good = make_tls_server(certificate(-day, day, {"127.0.0.1"})).value();
  server.live.on_loop([&] { server.live.server.set_tls(good); });
  EXPECT_EQ(server.ask("127.0.0.1", only(ca.certificate_pem)), "https");
}

TEST(TestCa, is_kept_in_its_folder_with_a_private_key_for_the_owner_alone) {
  const auto dir = TempDir::make("ca").value();
  const std::string folder = (dir.path() / "deep" / "tls").string();
  const TlsKeyPair first = load_or_make_test_ca(folder).value();
  const TlsKeyPair again = load_or_make_test_ca(folder).value();
  EXPECT_EQ(first.certificate_pem, again.certificate_pem);
  struct stat info {};
  ASSERT_EQ(::stat((folder + "/ca.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(TestCa, rubbish_in_place_of_certificates_is_a_failure_not_a_crash) {
  TlsKeyPair rubbish;
  rubbish.certificate_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  rubbish.key_pem = "nothing";
  EXPECT_FALSE(make_certificate(rubbish, CertificateWish()));
  EXPECT_FALSE(make_tls_server(rubbish));
  TlsTrust trust;
  trust.extra_pem = "no PEM at all";
  EXPECT_FALSE(make_tls_client(trust));
}

}  // namespace
}  // namespace seatrial::io
