// SPDX-License-Identifier: Apache-2.0
#pragma once
// aside(): blocking work (a disk that is read, a file that is hashed) on a thread of a small pool,
// so that the io_context goes on: consoles are read and deadlines kept meanwhile. The work shares
// nothing with its caller but what it was given. It cannot be cancelled: a caller that is cancelled
// waits for the end of it first, so that nobody touches a medium behind somebody's back.

#include <functional>
#include <optional>
#include <utility>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial {

Task<> run_aside(std::function<void()> work);

template <class T>
Task<Result<T>> aside(std::function<Result<T>()> work) {
  std::optional<Result<T>> result;
  std::function<void()> keep = [&result, &work] { result.emplace(work()); };
  co_await run_aside(std::move(keep));
  co_return std::move(*result);
}

}  // namespace seatrial
