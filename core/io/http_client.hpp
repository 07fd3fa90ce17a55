// SPDX-License-Identifier: Apache-2.0
#pragma once
// http_call: one HTTP/1.1 request over its own connection (TCP, TLS, or a unix socket), with a
// deadline over everything from the name look-up to the last byte. Runs on the caller's executor,
// owns everything it opens, ends with its connection closed. An answer of any status is a value; a
// Failure means that there is no answer.

#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/http.hpp"
#include "core/io/tls.hpp"

namespace seatrial::io {

struct HttpCall {
  HttpCall() = default;
  HttpCall(std::string method, std::string url) : method(std::move(method)), url(std::move(url)) {}

  std::string method = "GET";
  std::string url;  ///< http://, https://, http+unix:/SOCKET:/path
  HttpHeaders headers;
  std::string body;
  Duration budget = std::chrono::seconds(30);
  std::size_t max_body = 16 << 20;
  /// Null: the system's certificates. Make one with make_tls_client and reuse it.
  std::shared_ptr<TlsClientContext> tls;
  /// When set, the body of the answer goes here piece by piece and not into HttpResponse::body.
  std::function<Result<>(std::string_view)> sink;
};

/// Codes: http.url, http.resolve, http.connect, http.tls, http.stream, http.malformed,
/// http.too_large, http.timeout.
Task<Result<HttpResponse>> http_call(HttpCall call);
/// The same on an io_context of its own, for code that is not async.
Result<HttpResponse> http_call_blocking(HttpCall call);

}  // namespace seatrial::io
