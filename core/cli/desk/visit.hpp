// SPDX-License-Identifier: Apache-2.0
#pragma once
// A visit to a bench: connect to its socket, do an errand, leave; and what such errands have in
// common. run_interruptibly() is the blocking outside of all of them: SIGINT, SIGTERM and SIGHUP
// unwind the errand, whatever it does, and it ends as cancelled.

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "workers/bench/client.hpp"

namespace seatrial::cli {

using ClientPtr = std::shared_ptr<bench::Client>;
/// A function that makes the coroutine; no coroutine of its own, so that its captures may go.
using Errand = std::function<Task<Result<int>>(ClientPtr)>;

Task<Result<int>> visit(std::filesystem::path socket, Errand errand);
Result<int> run_interruptibly(Task<Result<int>> task);

/// visit() for one question, blocking.
Result<nlohmann::json> ask(const std::filesystem::path& socket, std::string verb,
                           nlohmann::json arguments);

}  // namespace seatrial::cli
