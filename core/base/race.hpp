// SPDX-License-Identifier: Apache-2.0
#pragma once
// race(a, b): runs two tasks and returns the result of the one that ends first; the other is
// cancelled and unwound before this returns. An exception of the first one to end is thrown on. The
// error-hiding operator|| of awaitable_operators is not used anywhere.

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>

#include "core/base/kept.hpp"
#include "core/base/task.hpp"

namespace seatrial {

/// Index of the one that ended first; both have ended. An exception of the first is thrown on.
Task<std::size_t> first_of(Task<> a, Task<> b);

template <class A, class B>
Task<std::variant<A, B>> race(Task<A> a, Task<B> b) {
  std::optional<A> from_a;
  std::optional<B> from_b;
  const auto first = co_await first_of(kept(std::move(a), from_a), kept(std::move(b), from_b));
  if (first == 0) co_return std::variant<A, B>(std::in_place_index<0>, std::move(*from_a));
  co_return std::variant<A, B>(std::in_place_index<1>, std::move(*from_b));
}

}  // namespace seatrial
