// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConsoleSource: where the bytes of a DUT's console come from: a UART, a raw TCP or RFC 2217 port,
// a chardev socket. Delivers a connected channel before the DUT can send its first byte, and again
// whenever the connection is made anew (a QEMU process, an adapter that was unplugged or is powered
// by the board). A channel that ends while the DUT has power, with no other one after it, is a lost
// console: the bench says so.

#include <functional>
#include <memory>

#include "workers/drivers/console/channel.hpp"

namespace seatrial::drivers {

class ConsoleSource {
 public:
  virtual ~ConsoleSource() = default;
  virtual void deliver_to(std::function<void(std::shared_ptr<Channel>)> take) = 0;
};

}  // namespace seatrial::drivers
