// SPDX-License-Identifier: Apache-2.0
#pragma once
// Connections carried from one socket to another, both ways, until both directions have ended.

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/fd.hpp"

namespace seatrial::network {

/// Both are connected stream sockets. One that has said all is told to the other side at once; the
/// answer may still come. Ends with both closed.
Task<Result<>> relay(io::UniqueFd one, io::UniqueFd other);

/// A listening TCP socket. Address "::" takes IPv4, too, where it can. Port 0: any free one. Fails
/// with "network.listen".
struct Listener {
  io::UniqueFd fd;
  std::uint16_t port = 0;
};
Result<Listener> listen_tcp(const std::string& address, std::uint16_t port);

/// Gets each connection that is made to the listener an other end by `dial`, and carries it; when
/// there is none, hangs up. At most 256 at a time. Until it is cancelled.
using Dial = std::function<Task<Result<io::UniqueFd>>()>;
Task<Result<>> carry(Nursery& nursery, Listener listener, Dial dial);

Task<Result<io::UniqueFd>> dial_unix(std::string path);
/// An address, not a name; "fe80::1%lab0" is one, too.
Task<Result<io::UniqueFd>> dial_tcp(std::string address, std::uint16_t port);

}  // namespace seatrial::network
