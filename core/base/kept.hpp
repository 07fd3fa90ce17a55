// SPDX-License-Identifier: Apache-2.0
#pragma once
// kept(task, into): the task as a Task<> that leaves its result in `into`. What runs tasks side by
// side (within, unless, race) then exists once, not once for each type of result: that machinery is
// what makes a coroutine expensive to compile.

#include <optional>
#include <utility>

#include "core/base/task.hpp"

namespace seatrial {

/// `into` must live until the task has ended. An exception of the task leaves it empty.
template <class T>
Task<> kept(Task<T> task, std::optional<T>& into) {
  into.emplace(co_await std::move(task));
}

}  // namespace seatrial
