// SPDX-License-Identifier: Apache-2.0
#include "core/io/http_stream.hpp"

#include <arpa/inet.h>
#include <poll.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "core/io/tls_context.hpp"

namespace seatrial::io {
namespace {
namespace asio = boost::asio;
using boost::system::error_code;

Failure stream_failure(std::string_view doing, const error_code& error) {
  return Failure("http.stream", Blame::unknown, std::string(doing) + " failed: " + error.message(),
                 "the other side closed, or the network between is down; see its log");
}

template <class Socket>
void close_socket(Socket& socket, bool reset) {
  error_code ignored;
  if (reset)
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
  else
    socket.shutdown(asio::socket_base::shutdown_both, ignored);
  socket.close(ignored);
}

template <class Socket>
void end_sending(Socket& socket) {
  error_code ignored;
  socket.shutdown(asio::socket_base::shutdown_send, ignored);
}

template <class Socket>
bool socket_gone(const Socket& socket) {
  if (!socket.is_open()) return true;
  pollfd entry{const_cast<Socket&>(socket).native_handle(), POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) > 0;
}

/// An aborted operation is either a cancellation (thrown on, as everywhere) or a close() of ours.
Task<> rethrow_when_cancelled(error_code error) {
  if (error != asio::error::operation_aborted) co_return;
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(error);
}

template <class Stream>
Task<Result<std::size_t>> read_from(Stream& stream, char* into, std::size_t size) {
  error_code error;
  const std::size_t got = co_await stream.async_read_some(
      asio::buffer(into, size), asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated)
    co_return std::size_t{0};
  co_await rethrow_when_cancelled(error);
  if (error) co_return stream_failure("reading from the connection", error);
  co_return got;
}

template <class Stream>
Task<Result<>> write_to(Stream& stream, std::string_view text) {
  error_code error;
  co_await asio::async_write(stream, asio::buffer(text),
                             asio::redirect_error(asio::use_awaitable, error));
  co_await rethrow_when_cancelled(error);
  if (error) co_return stream_failure("writing to the connection", error);
  co_return Result<>();
}

template <class Socket>
class PlainStream final : public HttpStream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {}
  Task<Result<std::size_t>> read_some(char* into, std::size_t size) override {
    return read_from(socket_, into, size);
  }
  Task<Result<>> write_all(std::string_view text) override { return write_to(socket_, text); }
  Task<Result<>> accept_handshake() override { co_return Result<>(); }
  Task<Result<>> connect_handshake(std::string) override { co_return Result<>(); }
  void shutdown_send() override { end_sending(socket_); }
  void close(bool reset) override { close_socket(socket_, reset); }
  bool peer_gone() const override { return socket_gone(socket_); }

 private:
  Socket socket_;
};

template <class Socket, class Tls>
class TlsStream final : public HttpStream {
 public:
  TlsStream(Socket socket, std::shared_ptr<Tls> tls)
      : tls_(std::move(tls)), stream_(std::move(socket), tls_->context) {}
  Task<Result<std::size_t>> read_some(char* into, std::size_t size) override {
    return read_from(stream_, into, size);
  }
  Task<Result<>> write_all(std::string_view text) override { return write_to(stream_, text); }

  Task<Result<>> accept_handshake() override { return handshake(asio::ssl::stream_base::server); }

  Task<Result<>> connect_handshake(std::string host) override {
    unsigned char scratch[16];
    // RFC 6066: an IP address is not a server name.
    const bool ip = inet_pton(AF_INET, host.c_str(), scratch) == 1 ||
                    inet_pton(AF_INET6, host.c_str(), scratch) == 1;
    if (!ip) SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str());
    stream_.set_verify_callback(asio::ssl::host_name_verification(host));
    return handshake(asio::ssl::stream_base::client);
  }

  void shutdown_send() override { end_sending(stream_.next_layer()); }
  void close(bool reset) override { close_socket(stream_.next_layer(), reset); }
  bool peer_gone() const override {
    return socket_gone(const_cast<TlsStream*>(this)->stream_.next_layer());
  }

 private:
  Task<Result<>> handshake(asio::ssl::stream_base::handshake_type type) {
    error_code error;
    co_await stream_.async_handshake(type, asio::redirect_error(asio::use_awaitable, error));
    co_await rethrow_when_cancelled(error);
    if (!error) co_return Result<>();
    std::string what = "TLS handshake failed: " + error.message();
    const long verdict = SSL_get_verify_result(stream_.native_handle());
    if (verdict != X509_V_OK)
      what += std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
    co_return Failure("http.tls", Blame::unknown, what,
                      "compare the server's certificate with the clock, the name and the trusted "
                      "CAs of this side");
  }

  std::shared_ptr<Tls> tls_;
  asio::ssl::stream<Socket> stream_;
};

using Tcp = asio::ip::tcp::socket;
using Unix = asio::local::stream_protocol::socket;

}  // namespace

HttpStreamPtr make_http_stream(Tcp socket) {
  return std::make_unique<PlainStream<Tcp>>(std::move(socket));
}
HttpStreamPtr make_http_stream(Unix socket) {
  return std::make_unique<PlainStream<Unix>>(std::move(socket));
}
HttpStreamPtr make_http_stream(Tcp socket, std::shared_ptr<TlsServerContext> tls) {
  return std::make_unique<TlsStream<Tcp, TlsServerContext>>(std::move(socket), std::move(tls));
}
HttpStreamPtr make_http_stream(Unix socket, std::shared_ptr<TlsServerContext> tls) {
  return std::make_unique<TlsStream<Unix, TlsServerContext>>(std::move(socket), std::move(tls));
}
HttpStreamPtr make_http_stream(Tcp socket, std::shared_ptr<TlsClientContext> tls) {
  return std::make_unique<TlsStream<Tcp, TlsClientContext>>(std::move(socket), std::move(tls));
}

}  // namespace seatrial::io
