// SPDX-License-Identifier: Apache-2.0
#pragma once
// One byte stream under HTTP: TCP, unix socket, either with TLS. Included by .cpp files of core/io
// only (Asio inside). Owned by its session or call; one reader and one writer at a time; ends when
// closed or destroyed. Errors are values; cancellation throws, as everywhere.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/tls.hpp"

namespace seatrial::io {

class HttpStream {
 public:
  virtual ~HttpStream() = default;
  /// Bytes read; 0 at the end of the stream.
  virtual Task<Result<std::size_t>> read_some(char* into, std::size_t size) = 0;
  /// The text must live until this returns.
  virtual Task<Result<>> write_all(std::string_view text) = 0;
  /// TLS handshakes; a plain stream has nothing to do.
  virtual Task<Result<>> accept_handshake() = 0;
  virtual Task<Result<>> connect_handshake(std::string host) = 0;
  /// Ends our direction; the other stays open.
  virtual void shutdown_send() = 0;
  /// `reset`: the peer sees a reset instead of an end (TCP), with nothing flushed.
  virtual void close(bool reset) = 0;
  /// True when the peer has closed or reset its side.
  virtual bool peer_gone() const = 0;
};

using HttpStreamPtr = std::unique_ptr<HttpStream>;

HttpStreamPtr make_http_stream(boost::asio::ip::tcp::socket socket);
HttpStreamPtr make_http_stream(boost::asio::local::stream_protocol::socket socket);
HttpStreamPtr make_http_stream(boost::asio::ip::tcp::socket socket,
                               std::shared_ptr<TlsServerContext> tls);
HttpStreamPtr make_http_stream(boost::asio::local::stream_protocol::socket socket,
                               std::shared_ptr<TlsServerContext> tls);
HttpStreamPtr make_http_stream(boost::asio::ip::tcp::socket socket,
                               std::shared_ptr<TlsClientContext> tls);

}  // namespace seatrial::io
