// SPDX-License-Identifier: Apache-2.0
#pragma once
// ByteStream: a connected unix or TCP stream socket, for QMP, consoles and readiness probes. Owned
// by one coroutine at a time per direction. read_some returns 0 bytes at the end of the stream.

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial::io {

class ByteStream {
 public:
  static Task<Result<ByteStream>> connect_unix(std::filesystem::path path);
  static Task<Result<ByteStream>> connect_tcp(std::string host, std::uint16_t port);
  ByteStream(ByteStream&&) noexcept;
  ByteStream& operator=(ByteStream&&) noexcept;
  ~ByteStream();

  Task<Result<std::size_t>> read_some(std::span<char> into);
  /// `data` must stay valid until this ends.
  Task<Result<>> write_all(std::string_view data);
  void close();
  int native_handle();

 private:
  struct Impl;
  explicit ByteStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A TCP port on 127.0.0.1 that was free a moment ago. Another process may take it: retry on a
/// clash.
Result<std::uint16_t> free_local_port();

}  // namespace seatrial::io
