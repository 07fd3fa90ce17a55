// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConsolePort: where the bytes of a DUT's console come from: a UART, a raw TCP or RFC 2217 port, a chardev socket. The
// bench opens it before power-on, so that the first byte is not lost, and reads it to its end.

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/socket.hpp"

namespace seatrial::drivers {

class ConsolePort {
 public:
  virtual ~ConsolePort() = default;
  virtual Task<Result<io::ByteStream>> open() = 0;
  /// The port goes away with the power (a QEMU process, a board-powered adapter) and must be opened at each power-on.
  virtual bool ends_with_power() const = 0;
};

}  // namespace seatrial::drivers
