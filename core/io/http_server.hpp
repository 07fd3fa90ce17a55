// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpServer: HTTP/1.1 on TCP and unix sockets, with or without TLS (Beast parses; RFC 9112). The
// handler gets the head of each request as an HttpExchange, reads the body when it wants to, and
// answers, streams, trickles, or breaks the connection on purpose. Lives on the one thread of its
// executor; serve() ends when cancelled or stopped, after every session has unwound. Memory per
// connection is bounded: heads by 64 KiB, bodies by what the handler asks for.

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/http.hpp"
#include "core/io/tls.hpp"

namespace seatrial::io {

/// How an answer goes out; for slow and broken servers.
struct HttpSending {
  double bytes_per_second = 0;              ///< 0: as fast as it goes
  std::optional<std::uint64_t> stop_after;  ///< reset the connection after so many bytes of body
};

/// Produces the body piece by piece; an empty piece ends it.
using HttpBodySource = std::function<Task<Result<std::string>>()>;

class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual const HttpRequest& request() const = 0;
  /// "http", "https" or "unix"
  virtual std::string_view listener() const = 0;
  virtual const std::string& peer() const = 0;

  /// The next piece of the body, at most 64 KiB; empty at its end. Sends "100 Continue" if asked.
  virtual Task<Result<std::string>> read_some() = 0;
  /// The whole body; more than `limit` bytes is the failure http.too_large.
  Task<Result<std::string>> read_all(std::size_t limit);

  /// One answer per exchange. Content-Length, Date and Connection are set here; a body of an answer
  /// to HEAD, or of status 204 and 304, is not sent. `promised` overrides Content-Length.
  virtual Task<Result<>> respond(HttpResponse response, HttpSending sending = {},
                                 std::optional<std::uint64_t> promised = std::nullopt) = 0;
  /// The same with a streamed body of exactly `length` bytes, or chunked when it is unknown.
  virtual Task<Result<>> respond_stream(HttpResponse head, std::optional<std::uint64_t> length,
                                        HttpBodySource source, HttpSending sending = {}) = 0;
  /// Breaks the connection: the client sees a reset.
  virtual void drop() = 0;
  /// Waits; true when the client left before the time was over. A negative span is for ever.
  virtual Task<bool> wait_or_gone(Duration span) = 0;

  virtual bool answered() const = 0;
  virtual int status() const = 0;  ///< 0 before an answer
  virtual std::uint64_t bytes_in() const = 0;
  virtual std::uint64_t bytes_out() const = 0;
};

using HttpHandler = std::function<Task<Result<>>(std::shared_ptr<HttpExchange>)>;

struct HttpServerOptions {
  Duration head_budget = std::chrono::seconds(30);   ///< from the first byte to the end of the head
  Duration idle_budget = std::chrono::seconds(120);  ///< between requests of one connection
  Duration write_budget = std::chrono::seconds(60);  ///< for one piece, to a client that reads none
  std::size_t max_connections = 512;                 ///< further ones are reset
};

class HttpServer {
 public:
  HttpServer(boost::asio::any_io_executor executor, HttpServerOptions options, HttpHandler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds at once and answers the address with the port chosen. A unix path that exists is
  /// replaced. With `tls`, the context may be exchanged later by set_tls.
  Result<HttpEndpoint> listen(const HttpEndpoint& where,
                              std::shared_ptr<TlsServerContext> tls = nullptr);
  /// New connections of TLS listeners use this from now on.
  void set_tls(std::shared_ptr<TlsServerContext> tls);
  /// Serves until cancelled or stopped.
  Task<Result<>> serve();
  void stop();

  /// An outage: the ports refuse connections (the addresses stay ours), open ones are reset.
  void refuse();
  /// The end of it.
  Result<> accept_again();
  std::size_t connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace seatrial::io
