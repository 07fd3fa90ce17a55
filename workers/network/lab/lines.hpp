// SPDX-License-Identifier: Apache-2.0
#pragma once
// JSON lines over unix sockets, for coroutines: one object in, one object out, and a descriptor
// with it if need be. The server side of seatrial-labnet, and the client side of the bench host for
// all control sockets of the lab network (seatrial-switch answers in the same way).

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/base/within.hpp"
#include "core/io/fd.hpp"

namespace seatrial::network {

struct LineAnswer {
  std::string json;  ///< an object, without "ok"
  io::UniqueFd fd;
};
using LineHandler = std::function<Task<Result<LineAnswer>>(std::string line)>;

/// Serves until it is cancelled. Each client has a coroutine of its own in `clients`; lines of 64
/// KiB at most. Fails with "network.control".
Task<Result<>> serve_lines(Nursery& clients, std::filesystem::path path, LineHandler handler);

/// Connects, asks, and hangs up. The failure that the other side answered, or "network.control".
Task<Result<nlohmann::json>> ask_line(std::filesystem::path path, std::string request,
                                      Budget budget);
/// The same, for an answer with a descriptor.
Task<Result<io::UniqueFd>> ask_for_fd(std::filesystem::path path, std::string request,
                                      Budget budget);

}  // namespace seatrial::network
