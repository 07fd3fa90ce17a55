// SPDX-License-Identifier: Apache-2.0
#include "core/io/http_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "core/base/within.hpp"
#include "core/io/http_stream.hpp"

namespace seatrial::io {
namespace {
namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Unix = asio::local::stream_protocol;
using Parser = http::response_parser<http::buffer_body>;

Failure connect_failure(const HttpEndpoint& where, std::string_view code, const error_code& error) {
  return Failure(std::string(code), Blame::unknown,
                 "cannot reach " + where.text() + ": " + error.message(),
                 "is the server running, and the network between up?");
}

Task<Result<HttpStreamPtr>> open_tcp(HttpUrl url, std::shared_ptr<TlsClientContext> tls) {
  auto executor = co_await asio::this_coro::executor;
  error_code error;
  Tcp::resolver resolver(executor);
  auto found = co_await resolver.async_resolve(url.endpoint.host, std::to_string(url.endpoint.port),
                                               asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return connect_failure(url.endpoint, "http.resolve", error);
  Tcp::socket socket(executor);
  co_await asio::async_connect(socket, found, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return connect_failure(url.endpoint, "http.connect", error);
  socket.set_option(Tcp::no_delay(true), error);
  if (!url.tls) co_return make_http_stream(std::move(socket));
  if (!tls) {
    CO_TRY(tls, make_tls_client(TlsTrust()));
  }
  HttpStreamPtr stream = make_http_stream(std::move(socket), std::move(tls));
  CO_CHECK_OK(co_await stream->connect_handshake(url.endpoint.host));
  co_return stream;
}

Task<Result<HttpStreamPtr>> open_unix(HttpEndpoint where) {
  Unix::socket socket(co_await asio::this_coro::executor);
  error_code error;
  co_await socket.async_connect(Unix::endpoint(where.unix_path),
                                asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return connect_failure(where, "http.connect", error);
  co_return make_http_stream(std::move(socket));
}

Result<std::string> request_text(const HttpCall& call, const HttpUrl& url) {
  std::string text = call.method + " " + url.target + " HTTP/1.1\r\n";
  const bool v6 = url.endpoint.host.find(':') != std::string::npos;
  if (!call.headers.find("Host")) {
    text += "Host: " + (v6 ? "[" + url.endpoint.host + "]" : url.endpoint.host);
    const int usual = url.tls ? 443 : 80;
    if (!url.endpoint.is_unix() && url.endpoint.port != usual)
      text += ":" + std::to_string(url.endpoint.port);
    text += "\r\n";
  }
  for (const auto& [name, value] : call.headers.all()) {
    if (!http_safe(name) || !http_safe(value))
      return Failure("http.url", Blame::suite, "a header contains a line break: " + name,
                     "remove it");
    text += name + ": " + value + "\r\n";
  }
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT" || call.method == "PATCH")
    text += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  text += "Connection: close\r\n\r\n";
  return text + call.body;
}

Failure malformed(std::string_view why) {
  return Failure("http.malformed", Blame::unknown,
                 "the server's answer is not complete HTTP: " + std::string(why),
                 "look at the server; a proxy in between may cut answers");
}

/// Takes the pieces of a body out of the parser.
class BodyTaker {
 public:
  BodyTaker(Parser& parser, const HttpCall& call) : parser_(parser), call_(call) {
    piece_.resize(64 * 1024);
    rearm();
  }
  Result<> take(std::string& whole) {
    auto& body = parser_.get().body();
    const std::size_t got = piece_.size() - body.size;
    if (got > 0) {
      const std::string_view piece(piece_.data(), got);
      if (call_.sink) {
        CHECK_OK(call_.sink(piece));
      } else if (whole.size() + got > call_.max_body) {
        return Failure("http.too_large", Blame::unknown,
                       "the answer is larger than " + std::to_string(call_.max_body) + " bytes",
                       "ask for less, or raise the limit");
      } else {
        whole += piece;
      }
    }
    rearm();
    return {};
  }

 private:
  void rearm() {
    parser_.get().body().data = piece_.data();
    parser_.get().body().size = piece_.size();
    parser_.get().body().more = true;
  }
  Parser& parser_;
  const HttpCall& call_;
  std::string piece_;
};

Task<Result<HttpResponse>> read_answer(HttpStream& stream, const HttpCall& call) {
  Parser parser;
  parser.body_limit(boost::none);
  parser.skip(call.method == "HEAD");
  HttpResponse out;
  BodyTaker taker(parser, call);
  std::string buffered, chunk(64 * 1024, '\0');
  while (!parser.is_done()) {
    error_code error;
    const std::size_t used = parser.put(asio::buffer(buffered.data(), buffered.size()), error);
    buffered.erase(0, used);
    if (error && error != http::error::need_more && error != http::error::need_buffer)
      co_return malformed(error.message());
    if (parser.is_header_done()) CO_CHECK_OK(taker.take(out.body));
    if (parser.is_done() || (used > 0 && !buffered.empty())) continue;
    CO_TRY(const std::size_t got, co_await stream.read_some(chunk.data(), chunk.size()));
    if (got == 0) {
      if (!parser.got_some()) co_return malformed("the server closed without a word");
      parser.put_eof(error);
      if (error || !parser.is_done()) co_return malformed("the connection ended too early");
      break;
    }
    buffered.append(chunk, 0, got);
  }
  const auto& message = parser.get();
  out.status = static_cast<int>(message.result_int());
  for (const auto& field : message)
    out.headers.add(std::string(field.name_string()), std::string(field.value()));
  co_return out;
}

Task<Result<HttpResponse>> exchange(HttpCall call, HttpUrl url) {
  CO_TRY(const std::string text, request_text(call, url));
  // Two statements: g++ 12 loses the result of a co_await inside ?: .
  HttpStreamPtr owner;
  if (url.endpoint.is_unix()) {
    CO_TRY(owner, co_await open_unix(url.endpoint));
  } else {
    CO_TRY(owner, co_await open_tcp(url, call.tls));
  }
  HttpStream& stream = *owner;
  // A server may answer and close before it took everything: then the answer counts.
  auto written = co_await stream.write_all(text);
  auto answer = co_await read_answer(stream, call);
  if (!answer && !written) co_return written.error();
  stream.close(false);
  co_return answer;
}

}  // namespace

Task<Result<HttpResponse>> http_call(HttpCall call) {
  auto url = HttpUrl::parse(call.url);
  if (!url) co_return url.error();
  Budget budget(call.budget, "an answer of " + url->endpoint.text());
  budget.code = "http.timeout";
  co_return co_await within(std::move(budget), exchange(std::move(call), std::move(*url)));
}

Result<HttpResponse> http_call_blocking(HttpCall call) {
  asio::io_context loop(1);
  auto answer = asio::co_spawn(loop, http_call(std::move(call)), asio::use_future);
  loop.run();
  return answer.get();
}

}  // namespace seatrial::io
