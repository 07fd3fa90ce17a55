// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConsoleSource: where the bytes of a DUT's console come from: a UART, a raw TCP or RFC 2217 port,
// a chardev socket. Delivers a connected stream before the DUT can send its first byte, and again
// whenever the connection is made anew (a QEMU process, an adapter that was unplugged or is powered
// by the board).

#include <functional>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/socket.hpp"

namespace seatrial::drivers {

class ConsoleSource {
 public:
  virtual ~ConsoleSource() = default;
  virtual void deliver_to(std::function<void(io::ByteStream)> take) = 0;
};

}  // namespace seatrial::drivers
