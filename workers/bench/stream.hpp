// SPDX-License-Identifier: Apache-2.0
#pragma once
// Stream: one end of the bytes that flow both ways while a request of the bench protocol is open;
// the same class on both sides. Memory is bounded: send() waits when the other side has not taken
// kStreamWindow bytes yet, and a peer that sends more than its window breaks the protocol. Events
// (server to client) keep their place among the bytes. Owned by its connection, which feeds it;
// shared with the one who uses it, who may outlive the connection: everything fails then. One
// io_context thread.

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/base/notifier.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/websocket.hpp"
#include "core/model/protocol.hpp"

namespace seatrial::bench {

/// What came: bytes, an event, or the end of what the other side sends.
struct StreamItem {
  enum class Kind { bytes, event, end };
  Kind kind = Kind::end;
  std::string bytes;  ///< of bytes
  std::string name;   ///< of an event: its kind
  model::JsonPtr data;
};

class Stream {
 public:
  using Push = std::function<void(io::Frame)>;
  Stream(boost::asio::any_io_executor executor, std::uint64_t id, Push push);

  /// Ends when everything is on its way; waits for the other side's window.
  Task<Result<>> send(std::string bytes);
  /// No more bytes will be sent.
  void finish();
  /// One-way word of the server, at this place of the stream.
  void tell(std::string kind, const nlohmann::json& data);
  /// The next thing that came; after the end always the end. Taking gives the sender credit.
  Task<Result<StreamItem>> receive();

  // For the connection.
  Result<> on_bytes(std::string_view bytes);
  void on_event(model::StreamEvent event);
  void on_credit(std::uint64_t bytes);
  /// The request is over or the connection is gone: senders fail with this, readers get what is
  /// there and then the failure, or the end when there is none.
  void close(std::optional<Failure> why);

  std::uint64_t id() const { return id_; }

 private:
  void took(std::size_t bytes);

  std::uint64_t id_;
  Push push_;
  Notifier changed_;
  std::deque<StreamItem> inbox_;
  std::size_t unread_ = 0;                       ///< bytes that came and were not given credit for
  std::size_t owed_ = 0;                         ///< taken, but credit not sent yet
  std::uint64_t window_ = model::kStreamWindow;  ///< what we may send now
  bool closed_ = false, ended_ = false;
  std::optional<Failure> why_;
};

}  // namespace seatrial::bench
