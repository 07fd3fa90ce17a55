// SPDX-License-Identifier: Apache-2.0
#include "core/io/websocket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace seatrial::io {
namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using Local = asio::local::stream_protocol;
using Stream = websocket::stream<Local::socket>;

namespace {

constexpr std::size_t kLargestFrame = 64u << 20;

Failure ws_failure(const std::string& doing, const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  return Failure("socket.io", Blame::seatrial, "cannot " + doing + ": " + error.message(),
                 "the process at the other end has probably died; see its log");
}

bool is_end(const boost::system::error_code& error) {
  return error == websocket::error::closed || error == asio::error::eof ||
         error == asio::error::connection_reset || error == asio::error::broken_pipe;
}

void prepare(Stream& stream) {
  stream.read_message_max(kLargestFrame);
  stream.auto_fragment(false);
}

}  // namespace

struct WebSocket::Impl {
  explicit Impl(Local::socket socket) : stream(std::move(socket)) { prepare(stream); }
  Stream stream;
  boost::beast::flat_buffer buffer;
};

WebSocket::WebSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebSocket::WebSocket(WebSocket&&) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&&) noexcept = default;
WebSocket::~WebSocket() = default;

Task<Result<WebSocket>> WebSocket::connect(std::filesystem::path path) {
  boost::system::error_code error;
  Local::socket socket(co_await asio::this_coro::executor);
  const Local::endpoint endpoint(path.string());
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return ws_failure("connect to " + path.string(), error);
  auto impl = std::make_unique<Impl>(std::move(socket));
  co_await impl->stream.async_handshake("bench", "/",
                                        asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return ws_failure("greet " + path.string(), error);
  co_return WebSocket(std::move(impl));
}

Task<Result<std::optional<Frame>>> WebSocket::receive() {
  boost::system::error_code error;
  impl_->buffer.clear();
  co_await impl_->stream.async_read(impl_->buffer,
                                    asio::redirect_error(asio::use_awaitable, error));
  if (is_end(error)) co_return std::optional<Frame>();
  if (error) co_return ws_failure("read a frame", error);
  Frame frame;
  frame.data.assign(static_cast<const char*>(impl_->buffer.data().data()), impl_->buffer.size());
  frame.binary = impl_->stream.got_binary();
  co_return std::optional<Frame>(std::move(frame));
}

Task<Result<>> WebSocket::send(std::string data, bool binary) {
  boost::system::error_code error;
  impl_->stream.binary(binary);
  co_await impl_->stream.async_write(asio::buffer(data),
                                     asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return ws_failure("send a frame", error);
  co_return Result<>();
}

Task<> WebSocket::close() {
  boost::system::error_code ignored;  // a peer that is gone is closed
  co_await impl_->stream.async_close(websocket::close_code::normal,
                                     asio::redirect_error(asio::use_awaitable, ignored));
}

void WebSocket::abort() {
  boost::system::error_code ignored;
  impl_->stream.next_layer().close(ignored);
}

int WebSocket::peer_pid() const {
  ucred peer{};
  socklen_t size = sizeof peer;
  const int fd = impl_->stream.next_layer().native_handle();
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

struct WebSocketListener::Impl {
  explicit Impl(asio::any_io_executor executor) : acceptor(executor) {}
  ~Impl() {
    if (!path.empty()) ::unlink(path.c_str());
  }
  Local::acceptor acceptor;
  std::filesystem::path path;
};

WebSocketListener::WebSocketListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebSocketListener::WebSocketListener(WebSocketListener&&) noexcept = default;
WebSocketListener& WebSocketListener::operator=(WebSocketListener&&) noexcept = default;
WebSocketListener::~WebSocketListener() = default;

Result<WebSocketListener> WebSocketListener::listen(asio::any_io_executor executor,
                                                    std::filesystem::path path) {
  if (path.string().size() >= 108)
    return Failure("socket.path_too_long", Blame::seatrial,
                   "the path of a unix socket is longer than 107 bytes: " + path.string(),
                   "use a shorter folder for runtime files (XDG_RUNTIME_DIR or TMPDIR)");
  auto impl = std::make_unique<Impl>(executor);
  boost::system::error_code error;
  ::unlink(path.c_str());
  const auto old_mask = ::umask(0177);
  impl->acceptor.open(Local(), error);
  if (!error) impl->acceptor.bind(Local::endpoint(path.string()), error);
  ::umask(old_mask);
  if (!error) impl->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return ws_failure("listen on " + path.string(), error);
  impl->path = std::move(path);
  return WebSocketListener(std::move(impl));
}

Task<Result<WebSocket>> WebSocketListener::accept() {
  boost::system::error_code error;
  Local::socket socket(co_await asio::this_coro::executor);
  co_await impl_->acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return ws_failure("accept a connection", error);
  auto impl = std::make_unique<WebSocket::Impl>(std::move(socket));
  co_await impl->stream.async_accept(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return ws_failure("greet a client", error);
  co_return WebSocket(std::move(impl));
}

void WebSocketListener::close() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
}

struct BlockingWebSocket::Impl {
  asio::io_context context;
  Stream stream{context};
  boost::beast::flat_buffer buffer;
  bool reading = false;  ///< readable() began a read that receive() finishes
  bool arrived = false;
  boost::system::error_code outcome;
};

BlockingWebSocket::BlockingWebSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BlockingWebSocket::BlockingWebSocket(BlockingWebSocket&&) noexcept = default;
BlockingWebSocket& BlockingWebSocket::operator=(BlockingWebSocket&&) noexcept = default;
BlockingWebSocket::~BlockingWebSocket() = default;

Result<BlockingWebSocket> BlockingWebSocket::connect(const std::filesystem::path& path) {
  auto impl = std::make_unique<Impl>();
  boost::system::error_code error;
  prepare(impl->stream);
  impl->stream.next_layer().connect(Local::endpoint(path.string()), error);
  if (!error) impl->stream.handshake("bench", "/", error);
  if (error) return ws_failure("connect to the bench at " + path.string(), error);
  return BlockingWebSocket(std::move(impl));
}

Result<std::optional<Frame>> BlockingWebSocket::receive() {
  boost::system::error_code error;
  if (impl_->reading) {
    while (!impl_->arrived) impl_->context.run_one();
    impl_->reading = false;
    error = impl_->outcome;
  } else {
    impl_->buffer.clear();
    impl_->stream.read(impl_->buffer, error);
  }
  if (is_end(error)) return std::optional<Frame>();
  if (error) return ws_failure("read from the bench", error);
  Frame frame;
  frame.data.assign(static_cast<const char*>(impl_->buffer.data().data()), impl_->buffer.size());
  frame.binary = impl_->stream.got_binary();
  return std::optional<Frame>(std::move(frame));
}

bool BlockingWebSocket::readable(std::chrono::milliseconds wait) {
  // Not poll(2): a frame may already lie in the stream's own buffer, behind the one before it.
  if (!impl_->reading) {
    impl_->reading = true;
    impl_->arrived = false;
    impl_->buffer.clear();
    impl_->stream.async_read(impl_->buffer,
                             [impl = impl_.get()](boost::system::error_code error, std::size_t) {
                               impl->outcome = error;
                               impl->arrived = true;
                             });
  }
  impl_->context.restart();
  if (!impl_->arrived) impl_->context.run_for(wait);
  return impl_->arrived;
}

Result<> BlockingWebSocket::send(std::string_view text) {
  boost::system::error_code error;
  impl_->stream.text(true);
  impl_->stream.write(asio::buffer(text.data(), text.size()), error);
  if (error) return ws_failure("send to the bench", error);
  return {};
}

void BlockingWebSocket::close() {
  boost::system::error_code ignored;
  impl_->stream.close(websocket::close_code::normal, ignored);
}

}  // namespace seatrial::io
