// SPDX-License-Identifier: Apache-2.0
#pragma once
// The values of HTTP: headers, a request, a response, an address. Plain data, freely copied; no
// Boost in sight. Shared by http_server and http_client.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::io {

/// Header lines in order; names compare without case.
class HttpHeaders {
 public:
  /// The first value of that name, or null.
  const std::string* find(std::string_view name) const;
  /// Replaces every header of that name.
  void set(std::string name, std::string value);
  void add(std::string name, std::string value);
  void remove(std::string_view name);
  const std::vector<std::pair<std::string, std::string>>& all() const { return lines_; }

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

struct HttpRequest {
  HttpRequest() = default;

  std::string method;                                      ///< upper case
  std::string target;                                      ///< as sent
  std::string path;                                        ///< decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded
  HttpHeaders headers;

  const std::string* query_value(std::string_view name) const;
};

/// Not an aggregate on purpose, like every value here that travels through co_await expressions:
/// g++ 12 destroys temporaries of aggregates there twice.
struct HttpResponse {
  HttpResponse() = default;
  explicit HttpResponse(int status, std::string content_type = {}, std::string body = {});

  int status = 200;
  HttpHeaders headers;
  std::string body;
};

/// "127.0.0.1:8080", "[::1]:0", "unix:/run/x.sock"; a URL of a client may add a scheme.
struct HttpEndpoint {
  HttpEndpoint() = default;

  std::string host;
  std::uint16_t port = 0;
  std::string unix_path;

  bool is_unix() const { return !unix_path.empty(); }
  std::string text() const;
  static Result<HttpEndpoint> parse(std::string_view text);
};

/// scheme://host[:port]/target, or http+unix:/path/of/socket:/target
struct HttpUrl {
  HttpUrl() = default;

  bool tls = false;
  HttpEndpoint endpoint;
  std::string target;  ///< path and query, at least "/"
  static Result<HttpUrl> parse(std::string_view text);
};

std::string_view http_reason(int status);
/// %XX (and '+' in queries) decoded; an invalid escape stays as it is.
std::string url_decode(std::string_view text, bool plus_is_space);
std::string url_encode(std::string_view text);
/// Splits a request target into path and query.
void split_target(HttpRequest& request);
/// A header value or name that would break the message (CR, LF, NUL) is refused.
bool http_safe(std::string_view text);

}  // namespace seatrial::io
