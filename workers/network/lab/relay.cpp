// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/relay.hpp"

#include <fmt/format.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <memory>

#include "core/base/within.hpp"

namespace seatrial::network {
namespace asio = boost::asio;
using boost::asio::ip::tcp;
using Socket = asio::generic::stream_protocol::socket;

namespace {

constexpr std::size_t kMostCarried = 256;

void rethrow_cancelled(const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
}

struct Pair {
  Socket one, other;
};

Task<Result<>> pump(std::shared_ptr<Pair> pair, bool forwards) {
  Socket& from = forwards ? pair->one : pair->other;
  Socket& to = forwards ? pair->other : pair->one;
  std::string buffer(64 * 1024, '\0');
  boost::system::error_code error;
  while (!error) {
    const auto n = co_await from.async_read_some(asio::buffer(buffer),
                                                 asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    if (error) break;
    co_await asio::async_write(to, asio::buffer(buffer.data(), n),
                               asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
  }
  boost::system::error_code ignored;  // it may be closed already, which is what is wanted
  to.shutdown(Socket::shutdown_send, ignored);
  if (error != asio::error::eof) from.close(ignored);  // a broken one shall not wait for its end
  co_return Result<>();
}

Result<Socket> adopt(asio::any_io_executor executor, io::UniqueFd fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  Socket socket(executor);
  boost::system::error_code error;
  socket.assign(asio::generic::stream_protocol(address.ss_family, 0), fd.get(), error);
  if (error)
    return Failure("network.relay", Blame::bench, "cannot carry a connection: " + error.message(),
                   "check the limits of this machine");
  (void)fd.release();
  return socket;
}

template <class Protocol>
Task<Result<io::UniqueFd>> connect(typename Protocol::endpoint endpoint, std::string name) {
  typename Protocol::socket socket(co_await asio::this_coro::executor);
  boost::system::error_code error;
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  rethrow_cancelled(error);
  if (error)
    co_return Failure("network.dial", Blame::unknown,
                      fmt::format("cannot connect to {}: {}", name, error.message()),
                      "is something listening there, and is the network up?");
  co_return io::UniqueFd(socket.release());
}

Task<Result<>> carry_one(io::UniqueFd client, Dial dial, std::shared_ptr<std::size_t> carried) {
  struct Counted {
    std::shared_ptr<std::size_t> n;
    ~Counted() { --*n; }
  } counted{carried};
  auto other = co_await dial();
  if (!other) co_return Result<>();  // the client sees a closed connection, as of a dead server
  (void)co_await relay(std::move(client), std::move(*other));
  co_return Result<>();  // what becomes of one connection is no failure of the others
}

}  // namespace

Task<Result<>> relay(io::UniqueFd one, io::UniqueFd other) {
  auto executor = co_await asio::this_coro::executor;
  CO_TRY(auto a, adopt(executor, std::move(one)));
  CO_TRY(auto b, adopt(executor, std::move(other)));
  auto pair = std::make_shared<Pair>(std::move(a), std::move(b));
  Nursery ways(executor);
  ways.start("one way", pump(pair, true));
  ways.start("the other way", pump(pair, false));
  std::exception_ptr cancelled;
  try {
    (void)co_await ways.join();
  } catch (...) {  // both must be joined before their sockets go
    cancelled = std::current_exception();
  }
  if (!cancelled) co_return Result<>();
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  ways.cancel();
  (void)co_await ways.join();
  std::rethrow_exception(cancelled);
}

Result<Listener> listen_tcp(const std::string& address, std::uint16_t port) {
  const bool six = address.find(':') != address.npos;
  sockaddr_storage where{};
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  const tcp::endpoint endpoint(parsed, port);
  std::memcpy(&where, endpoint.data(), endpoint.size());
  Listener listener;
  listener.fd = io::UniqueFd(
      ::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1, off = 0;
  ::setsockopt(listener.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (six) ::setsockopt(listener.fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  socklen_t size = sizeof where;
  if (error || !listener.fd ||
      ::bind(listener.fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(listener.fd.get(), 64) != 0 ||
      ::getsockname(listener.fd.get(), reinterpret_cast<sockaddr*>(&where), &size) != 0)
    return Failure("network.listen", Blame::bench,
                   fmt::format("cannot listen on {} port {}: {}", address, port,
                               error ? error.message() : std::strerror(errno)),
                   "check that nobody else listens there");
  listener.port = ntohs(six ? reinterpret_cast<sockaddr_in6&>(where).sin6_port
                            : reinterpret_cast<sockaddr_in&>(where).sin_port);
  return listener;
}

Task<Result<>> carry(Nursery& nursery, Listener listener, Dial dial) {
  auto executor = co_await asio::this_coro::executor;
  asio::basic_socket_acceptor<tcp> acceptor(executor);
  sockaddr_storage where{};
  socklen_t size = sizeof where;
  ::getsockname(listener.fd.get(), reinterpret_cast<sockaddr*>(&where), &size);
  boost::system::error_code error;
  acceptor.assign(where.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), listener.fd.release(),
                  error);
  auto carried = std::make_shared<std::size_t>(0);
  for (;;) {
    tcp::socket client(executor);
    co_await acceptor.async_accept(client, asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    if (error) co_await pause(std::chrono::milliseconds(50));  // no descriptors left, say
    if (error || *carried >= kMostCarried) continue;
    ++*carried;
    nursery.start("a connection", carry_one(io::UniqueFd(client.release()), dial, carried));
  }
}

Task<Result<io::UniqueFd>> dial_unix(std::string path) {
  asio::local::stream_protocol::endpoint endpoint(path);
  return connect<asio::local::stream_protocol>(std::move(endpoint), std::move(path));
}

Task<Result<io::UniqueFd>> dial_tcp(std::string address, std::uint16_t port) {
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error)
    co_return Failure("network.dial", Blame::suite, "not an IP address: '" + address + "'",
                      "names are not looked up here: give the address");
  co_return co_await connect<tcp>(tcp::endpoint(parsed, port),
                                  fmt::format("{} port {}", address, port));
}

}  // namespace seatrial::network
