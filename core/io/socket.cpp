// SPDX-License-Identifier: Apache-2.0
#include "core/io/socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

#include "core/io/fd.hpp"

namespace seatrial::io {
namespace asio = boost::asio;

struct ByteStream::Impl {
  explicit Impl(asio::any_io_executor executor) : socket(executor) {}
  asio::generic::stream_protocol::socket socket;
};

ByteStream::ByteStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ByteStream::ByteStream(ByteStream&&) noexcept = default;
ByteStream& ByteStream::operator=(ByteStream&&) noexcept = default;
ByteStream::~ByteStream() = default;

namespace {

Failure socket_failure(std::string what, const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  return Failure("socket.io", Blame::bench, what + ": " + error.message(),
                 "check that the other side runs");
}

}  // namespace

Task<Result<ByteStream>> ByteStream::connect_unix(std::filesystem::path path) {
  auto impl = std::make_unique<Impl>(co_await asio::this_coro::executor);
  boost::system::error_code error;
  const asio::local::stream_protocol::endpoint endpoint(path.string());
  co_await impl->socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return socket_failure("cannot connect to " + path.string(), error);
  co_return ByteStream(std::move(impl));
}

Task<Result<ByteStream>> ByteStream::connect_tcp(std::string host, std::uint16_t port) {
  auto impl = std::make_unique<Impl>(co_await asio::this_coro::executor);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) co_return socket_failure("not an address: " + host, error);
  const asio::ip::tcp::endpoint endpoint(address, port);
  co_await impl->socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return socket_failure(fmt::format("cannot connect to {}:{}", host, port), error);
  co_return ByteStream(std::move(impl));
}

Task<Result<std::size_t>> ByteStream::read_some(std::span<char> into) {
  boost::system::error_code error;
  const auto n = co_await impl_->socket.async_read_some(
      asio::buffer(into.data(), into.size()), asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::eof) co_return std::size_t{0};
  if (error) co_return socket_failure("cannot read from the socket", error);
  co_return n;
}

Task<Result<>> ByteStream::write_all(std::string_view data) {
  boost::system::error_code error;
  co_await asio::async_write(impl_->socket, asio::buffer(data.data(), data.size()),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return socket_failure("cannot write to the socket", error);
  co_return Result<>();
}

void ByteStream::close() {
  boost::system::error_code ignored;  // closing a socket that is gone is what was wanted
  impl_->socket.close(ignored);
}

int ByteStream::native_handle() { return impl_->socket.native_handle(); }

Result<std::uint16_t> free_local_port() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return Failure("port.none_free", Blame::bench,
                   fmt::format("no TCP port can be bound on 127.0.0.1: {}", std::strerror(errno)),
                   "check the loopback interface and the limits of this machine");
  return ntohs(address.sin_port);
}

}  // namespace seatrial::io
