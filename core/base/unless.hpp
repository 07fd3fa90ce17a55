// SPDX-License-Identifier: Apache-2.0
#pragma once
// unless(breaker, task): runs the task; when the breaker ends first with a failure, the task is
// cancelled, unwound, and that failure is the result. For "do this, unless the machine dies". A
// breaker that ends well changes nothing.

#include <optional>
#include <utility>

#include "core/base/kept.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial {

/// Runs the body; the breaker's failure when that came first and the body was cancelled for it.
Task<std::optional<Failure>> broken_by(Task<Result<>> breaker, Task<> body);

template <class T>
Task<Result<T>> unless(Task<Result<>> breaker, Task<Result<T>> task) {
  std::optional<Result<T>> result;
  auto broken = co_await broken_by(std::move(breaker), kept(std::move(task), result));
  if (broken) co_return std::move(*broken);
  co_return std::move(*result);
}

}  // namespace seatrial
