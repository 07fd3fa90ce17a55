// SPDX-License-Identifier: Apache-2.0
#pragma once
// The channels that need no driver of their own: sockets and descriptors.

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "core/io/fd.hpp"
#include "core/io/socket.hpp"
#include "workers/drivers/console/channel.hpp"

namespace seatrial::console {

using drivers::Channel;
using drivers::SendBreak;

std::shared_ptr<Channel> socket_channel(io::ByteStream stream, SendBreak send_break = {});
/// A descriptor: tty, pty or pipe. A tty is switched to raw mode by its opener, not here.
std::shared_ptr<Channel> fd_channel(boost::asio::any_io_executor executor, io::UniqueFd fd);

}  // namespace seatrial::console
