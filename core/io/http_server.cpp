// SPDX-License-Identifier: Apache-2.0
#include "core/io/http_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <variant>

#include "core/base/nursery.hpp"
#include "core/base/within.hpp"
#include "core/io/http_session.hpp"
#include "core/io/http_stream.hpp"

namespace seatrial::io {
namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Unix = asio::local::stream_protocol;

namespace {

Failure listen_failure(const HttpEndpoint& where, std::string_view doing, const error_code& error) {
  return Failure("http.listen", Blame::seatrial,
                 "cannot " + std::string(doing) + " " + where.text() + ": " + error.message(),
                 "choose another address; port 0 takes any free port");
}

struct Listener {
  HttpEndpoint where;
  bool tls = false;
  unsigned epoch = 0;  ///< counts outages: an accept loop of an earlier epoch ends
  std::variant<Tcp::acceptor, Unix::acceptor> acceptor;
};

Result<Tcp::acceptor> open_tcp(asio::any_io_executor executor, HttpEndpoint& where) {
  error_code error;
  const auto address = asio::ip::make_address(
      where.host == "localhost" ? std::string("127.0.0.1") : where.host, error);
  if (error) return listen_failure(where, "understand the address", error);
  Tcp::acceptor acceptor(executor);
  Tcp::endpoint endpoint(address, where.port);
  // Linux keeps the port of an un-listened socket (see refuse()) only when it was asked for by
  // number. So a free port is found by a first socket, and held by it until the second has it too.
  Tcp::socket finder(executor);
  if (where.port == 0) {
    finder.open(endpoint.protocol(), error);
    if (!error) finder.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) finder.bind(endpoint, error);
    if (!error) where.port = finder.local_endpoint(error).port();
    if (error) return listen_failure(where, "find a free port on", error);
    endpoint.port(where.port);
  }
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  finder.close();
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return listen_failure(where, "listen on", error);
  return acceptor;
}

Result<Unix::acceptor> open_unix(asio::any_io_executor executor, const HttpEndpoint& where) {
  error_code error;
  Unix::acceptor acceptor(executor);
  ::unlink(where.unix_path.c_str());  // a leftover of an earlier process; nobody listens on it
  acceptor.open(Unix(), error);
  if (!error) acceptor.bind(Unix::endpoint(where.unix_path), error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return listen_failure(where, "listen on", error);
  return acceptor;
}

std::string peer_name(const Tcp::socket& socket) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  return error ? "?" : peer.address().to_string() + ":" + std::to_string(peer.port());
}
std::string peer_name(const Unix::socket&) { return "unix"; }

}  // namespace

struct HttpServer::State {
  State(asio::any_io_executor ex, HttpServerOptions opts, HttpHandler handle)
      : executor(ex), options(opts), handler(std::move(handle)), nursery(ex), stopped(ex) {
    stopped.expires_at(asio::steady_timer::time_point::max());
  }

  template <class Socket>
  HttpStreamPtr stream_for(Socket socket, bool use_tls) {
    if (use_tls) return make_http_stream(std::move(socket), tls);
    return make_http_stream(std::move(socket));
  }

  Task<Result<>> session(HttpStreamPtr stream, HttpPeer peer) {
    // A broken connection is the client's affair: it never ends the server.
    (void)co_await run_http_session(std::move(stream), std::move(peer), options, handler, sessions);
    co_return Result<>();
  }

  template <class Acceptor>
  Task<Result<>> accept_loop(Acceptor& acceptor, const Listener& listener) {
    const unsigned epoch = listener.epoch;
    const bool is_unix = listener.where.is_unix();
    while (listener.epoch == epoch) {
      error_code error;
      auto socket =
          co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      const auto mine = co_await asio::this_coro::cancellation_state;
      if (mine.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
      if (error) {
        // An outage ends the loop; else out of descriptors, or the client left already: go on.
        if (listener.epoch == epoch) co_await pause(std::chrono::milliseconds(20));
        continue;
      }
      HttpPeer peer(is_unix ? "unix" : (listener.tls ? "https" : "http"), peer_name(socket));
      auto stream = stream_for(std::move(socket), listener.tls);
      if (sessions->size() >= options.max_connections)
        stream->close(true);
      else
        nursery.start("connection", session(std::move(stream), std::move(peer)));
    }
    co_return Result<>();
  }

  void start(Listener& listener) {
    std::visit([&](auto& acceptor) { nursery.start("listener", accept_loop(acceptor, listener)); },
               listener.acceptor);
  }

  asio::any_io_executor executor;
  HttpServerOptions options;
  HttpHandler handler;
  Nursery nursery;
  asio::steady_timer stopped;
  std::list<Listener> listeners;
  std::shared_ptr<TlsServerContext> tls;
  std::shared_ptr<HttpSessions> sessions = std::make_shared<HttpSessions>();
  bool serving = false;
};

HttpServer::HttpServer(asio::any_io_executor executor, HttpServerOptions options,
                       HttpHandler handler)
    : state_(std::make_shared<State>(executor, options, std::move(handler))) {}

HttpServer::~HttpServer() {
  for (const Listener& listener : state_->listeners)
    if (listener.where.is_unix()) ::unlink(listener.where.unix_path.c_str());
}

Result<HttpEndpoint> HttpServer::listen(const HttpEndpoint& where,
                                        std::shared_ptr<TlsServerContext> tls) {
  HttpEndpoint bound = where;
  const bool use_tls = tls != nullptr;
  if (use_tls) state_->tls = std::move(tls);
  if (where.is_unix()) {
    TRY(auto acceptor, open_unix(state_->executor, bound));
    state_->listeners.push_back(Listener{bound, use_tls, 0, std::move(acceptor)});
  } else {
    TRY(auto acceptor, open_tcp(state_->executor, bound));
    state_->listeners.push_back(Listener{bound, use_tls, 0, std::move(acceptor)});
  }
  if (state_->serving) state_->start(state_->listeners.back());
  return bound;
}

void HttpServer::set_tls(std::shared_ptr<TlsServerContext> tls) { state_->tls = std::move(tls); }

Task<Result<>> HttpServer::serve() {
  auto state = state_;
  state->serving = true;
  for (Listener& listener : state->listeners) state->start(listener);
  error_code ignored;
  co_await state->stopped.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  state->serving = false;
  state->sessions->reset_all();
  state->nursery.cancel();
  // Whoever cancelled us must still wait for the sessions: they use our memory.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_return co_await state->nursery.join();
}

void HttpServer::stop() { state_->stopped.cancel(); }

void HttpServer::refuse() {
  for (Listener& listener : state_->listeners) {
    ++listener.epoch;
    // shutdown(2) of a listening TCP socket un-listens it and keeps the address (Linux): every SYN
    // gets a reset, and nobody else can take the port. A unix socket must be closed: its file
    // stays, and connecting to it is refused.
    if (auto* tcp = std::get_if<Tcp::acceptor>(&listener.acceptor)) {
      ::shutdown(tcp->native_handle(), SHUT_RDWR);
      error_code ignored;
      tcp->cancel(ignored);
    } else {
      std::get<Unix::acceptor>(listener.acceptor).close();
    }
  }
  state_->sessions->reset_all();
}

Result<> HttpServer::accept_again() {
  for (Listener& listener : state_->listeners) {
    if (auto* tcp = std::get_if<Tcp::acceptor>(&listener.acceptor)) {
      error_code error;
      tcp->listen(asio::socket_base::max_listen_connections, error);
      if (error) return listen_failure(listener.where, "listen again on", error);
    } else {
      TRY(auto acceptor, open_unix(state_->executor, listener.where));
      std::get<Unix::acceptor>(listener.acceptor) = std::move(acceptor);
    }
    if (state_->serving) state_->start(listener);
  }
  return {};
}

std::size_t HttpServer::connections() const { return state_->sessions->size(); }

}  // namespace seatrial::io
