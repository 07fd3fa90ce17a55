// SPDX-License-Identifier: Apache-2.0
#pragma once
// Channel: the two-way byte stream behind a console, whatever it is: a chardev socket, a UART, a
// network console. One reader and one writer at a time, on one io_context thread. Ends when the
// other side goes; a new Channel is attached then.

#include <functional>
#include <span>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial::drivers {

class Channel {
 public:
  virtual ~Channel() = default;
  /// 0 bytes at the end of the stream.
  virtual Task<Result<std::size_t>> read_some(std::span<char> into) = 0;
  /// `data` must stay valid until this ends.
  virtual Task<Result<>> write_all(std::string_view data) = 0;
  /// A serial break; a Failure "console.no_break" where there is none.
  virtual Task<Result<>> send_break() = 0;
  /// Ends a read under way; idempotent.
  virtual void close() = 0;
};

/// How a break is sent where the stream itself has none (QEMU: chardev-send-break over QMP).
using SendBreak = std::function<Task<Result<>>()>;

}  // namespace seatrial::drivers
