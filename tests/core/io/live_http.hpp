// SPDX-License-Identifier: Apache-2.0
#pragma once
// For tests: an HttpServer on a thread of its own, and a raw TCP client that sends any bytes.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "core/io/fd.hpp"
#include "core/io/http_client.hpp"
#include "core/io/http_server.hpp"

namespace seatrial::io {

class LiveHttp {
 public:
  explicit LiveHttp(HttpHandler handler, HttpServerOptions options = {})
      : server(loop.get_executor(), options, std::move(handler)) {}
  ~LiveHttp() { stop(); }

  HttpEndpoint listen(const std::string& where, std::shared_ptr<TlsServerContext> tls = nullptr) {
    return server.listen(HttpEndpoint::parse(where).value(), std::move(tls)).value();
  }
  void start() {
    boost::asio::co_spawn(
        loop, server.serve(),
        boost::asio::bind_cancellation_slot(
            signal.slot(), [this](std::exception_ptr, Result<> r) { ended = std::move(r); }));
    thread = std::thread([this] { loop.run(); });
  }
  void stop() {
    if (!thread.joinable()) return;
    boost::asio::post(loop, [this] { signal.emit(boost::asio::cancellation_type::all); });
    thread.join();
  }
  /// Runs a function on the server's thread.
  template <class F>
  auto on_loop(F f) {
    std::packaged_task<decltype(f())()> task(std::move(f));
    auto done = task.get_future();
    boost::asio::post(loop, [&task] { task(); });
    return done.get();
  }

  boost::asio::io_context loop{1};
  HttpServer server;
  boost::asio::cancellation_signal signal;
  std::thread thread;
  std::optional<Result<>> ended;
};

/// A connection that says exactly what it is told to.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval patience{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ =
        ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    error_ = connected_ ? 0 : errno;
  }
  bool connected() const { return connected_; }
  int error() const { return error_; }
  void send(std::string_view text) {
    (void)!::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }
  void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  /// Everything until the end of the stream; `reset` is set when it was broken.
  std::string read_all() {
    std::string out;
    char chunk[65536];
    for (;;) {
      const ssize_t got = ::recv(fd_.get(), chunk, sizeof chunk, 0);
      if (got < 0) error_ = errno;
      if (got <= 0) return out;
      out.append(chunk, static_cast<std::size_t>(got));
    }
  }
  /// Until the text holds `needle`.
  std::string read_until(std::string_view needle) {
    std::string out;
    char c = 0;
    while (out.find(needle) == std::string::npos && ::recv(fd_.get(), &c, 1, 0) == 1) out += c;
    return out;
  }
  bool was_reset() const { return error_ == ECONNRESET; }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  bool connected_ = false;
  int error_ = 0;
};

inline HttpResponse call_ok(HttpCall call) {
  auto answer = http_call_blocking(std::move(call));
  if (answer) return *answer;
  HttpResponse none(0);
  none.body = answer.error().code() + ": " + answer.error().what();
  return none;
}

}  // namespace seatrial::io
