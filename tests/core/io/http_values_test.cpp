// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/io/http.hpp"

namespace seatrial::io {
namespace {

TEST(HttpUrl, forms_that_mean_something) {
  struct Row {
    const char *text, *host;
    int port;
    bool tls;
    const char* target;
  };
  const Row rows[] = {
      {"http://a", "a", 80, false, "/"},
      {"https://a.b/c?d=e", "a.b", 443, true, "/c?d=e"},
      {"http://10.0.2.2:8080/x/", "10.0.2.2", 8080, false, "/x/"},
      {"http://[::1]:81/y", "::1", 81, false, "/y"},
      {"http://[fe80::1]/y", "fe80::1", 80, false, "/y"},
      {"http://a?b", "a", 80, false, "/?b"},
  };
  for (const Row& row : rows) {
    const auto url = HttpUrl::parse(row.text);
    ASSERT_TRUE(url) << row.text;
    EXPECT_EQ(url->endpoint.host, row.host) << row.text;
    EXPECT_EQ(url->endpoint.port, row.port) << row.text;
    EXPECT_EQ(url->tls, row.tls) << row.text;
    EXPECT_EQ(url->target, row.target) << row.text;
  }
  const auto unix_url = HttpUrl::parse("http+unix:/run/x.sock:/a?b=c");
  ASSERT_TRUE(unix_url);
  EXPECT_EQ(unix_url->endpoint.unix_path, "/run/x.sock");
  EXPECT_EQ(unix_url->target, "/a?b=c");
}

TEST(HttpUrl, forms_that_mean_nothing_are_refused_with_advice) {
  for (const char* text :
       {"", "a", "ftp://a", "http://", "http://a:99999", "http://a:x", "http://u:p@a/", "http:// a",
        "https://[::1", "http://a:", "http+unix:", "http+unix:/x:y", "http://a\r\nHost: b/"}) {
    const auto url = HttpUrl::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code(), "http.url");
    EXPECT_FALSE(url.error().advice().empty());
  }
}

TEST(HttpEndpoint, is_read_and_written_the_same_way) {
  for (const char* text : {"127.0.0.1:80", "[::1]:8080", "unix:/run/x", "localhost:0"})
    EXPECT_EQ(HttpEndpoint::parse(text).value().text(), text);
  EXPECT_EQ(HttpEndpoint::parse(":80").value().host, "0.0.0.0");
  for (const char* text : {"", "80", "::1:80", "unix:", "a:-1", "a:65536"})
    EXPECT_FALSE(HttpEndpoint::parse(text)) << text;
  EXPECT_FALSE(HttpEndpoint::parse("unix:/" + std::string(200, 'x')));
}

TEST(HttpRequest, the_target_is_split_and_decoded) {
  HttpRequest request;
  request.target = "/v7/device%20x?$filter=uuid%20eq%20%27a%27&b&c=1+2&d=%zz&=e";
  split_target(request);
  EXPECT_EQ(request.path, "/v7/device x");
  EXPECT_EQ(*request.query_value("$filter"), "uuid eq 'a'");
  EXPECT_EQ(*request.query_value("b"), "");
  EXPECT_EQ(*request.query_value("c"), "1 2");
  EXPECT_EQ(*request.query_value("d"), "%zz");
  EXPECT_EQ(request.query_value("x"), nullptr);
}

TEST(UrlEncoding, goes_there_and_back) {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  EXPECT_EQ(url_decode(url_encode(every), true), every);
  EXPECT_EQ(url_decode("%", false), "%");
  EXPECT_EQ(url_decode("%4", false), "%4");
  EXPECT_EQ(url_decode("a%41", false), "aA");
}

TEST(HttpHeaders, compare_names_without_case) {
  HttpHeaders headers;
  headers.add("Retry-After", "5");
  headers.add("retry-after", "6");
  EXPECT_EQ(*headers.find("RETRY-AFTER"), "5");
  headers.set("Retry-after", "7");
  EXPECT_EQ(headers.all().size(), 1u);
  headers.remove("retry-After");
  EXPECT_EQ(headers.find("Retry-After"), nullptr);
}

TEST(HttpSafe, refuses_what_would_split_a_message) {
  EXPECT_TRUE(http_safe("plain text"));
  EXPECT_FALSE(http_safe("a\r\nb"));
  EXPECT_FALSE(http_safe(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace seatrial::io
