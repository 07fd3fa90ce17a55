// SPDX-License-Identifier: Apache-2.0
#pragma once
// WebSocket over a unix socket (Boost.Beast behind it), in two forms: WebSocket for processes with
// an io_context, and BlockingWebSocket for suite processes, whose code is plain and blocking.
// Frames are at most 64 MiB.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial::io {

struct Frame {
  std::string data;
  bool binary = false;
};

class WebSocket {
 public:
  static Task<Result<WebSocket>> connect(std::filesystem::path unix_socket);
  WebSocket(WebSocket&&) noexcept;
  WebSocket& operator=(WebSocket&&) noexcept;
  ~WebSocket();

  /// The next frame; nullopt when the peer closed.
  Task<Result<std::optional<Frame>>> receive();
  /// One send at a time: await the one before.
  Task<Result<>> send(std::string data, bool binary = false);
  Task<> close();
  /// Ends the connection at once, from any coroutine of the same thread.
  void abort();
  /// Process id of the peer at the other end of the unix socket (SO_PEERCRED), or 0.
  int peer_pid() const;

 private:
  friend class WebSocketListener;
  struct Impl;
  explicit WebSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class WebSocketListener {
 public:
  /// Binds a fresh unix socket, mode 0600. The path must be shorter than 108 bytes.
  static Result<WebSocketListener> listen(boost::asio::any_io_executor executor,
                                          std::filesystem::path path);
  WebSocketListener(WebSocketListener&&) noexcept;
  WebSocketListener& operator=(WebSocketListener&&) noexcept;
  ~WebSocketListener();
  Task<Result<WebSocket>> accept();
  void close();

 private:
  struct Impl;
  explicit WebSocketListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class BlockingWebSocket {
 public:
  static Result<BlockingWebSocket> connect(const std::filesystem::path& unix_socket);
  BlockingWebSocket(BlockingWebSocket&&) noexcept;
  BlockingWebSocket& operator=(BlockingWebSocket&&) noexcept;
  ~BlockingWebSocket();
  /// Blocks until a frame comes; nullopt when the peer closed.
  Result<std::optional<Frame>> receive();
  /// True when receive() would find something (or the end) within `wait`.
  bool readable(std::chrono::milliseconds wait);
  Result<> send(std::string_view text);
  void close();

 private:
  struct Impl;
  explicit BlockingWebSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace seatrial::io
