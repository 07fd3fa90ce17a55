// SPDX-License-Identifier: Apache-2.0
#pragma once
// Result<T>: a value or a Failure. Our own [[nodiscard]] name over tl::expected (which becomes
// std::expected one day): a dropped result does not compile quietly.
//
//   Result<Card> card = mux.identify();
//   if (!card) return card.error();
//   TRY(auto digest, read_back(*card));          // in a plain function
//   CO_TRY(auto boot, co_await next_boot(6min));  // in a coroutine

#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

#include "core/base/failure.hpp"

namespace seatrial {

/// The failure of a Result that nobody gave a value.
Failure unset_failure();

template <class T = void>
class [[nodiscard]] Result : public tl::expected<T, Failure> {
  using Base = tl::expected<T, Failure>;

 public:
  using Base::Base;
  Result() requires(std::is_void_v<T> || std::is_default_constructible_v<T>) = default;
  /// Asio default-constructs results when it passes an exception on: then this is never looked at.
  Result() requires(!std::is_void_v<T> && !std::is_default_constructible_v<T>)
      : Base(tl::unexpect, unset_failure()) {}
  Result(Failure failure) : Base(tl::unexpect, std::move(failure)) {}  // NOLINT: implicit by design
  Result(Base other) : Base(std::move(other)) {}                       // NOLINT

  /// The same result with context added to its failure, if it is one.
  Result with(std::string note) && {
    if (this->has_value()) return std::move(*this);
    return Result(std::move(this->error()).with(std::move(note)));
  }
};

}  // namespace seatrial

#define SEATRIAL_JOIN_(a, b) a##b
#define SEATRIAL_JOIN(a, b) SEATRIAL_JOIN_(a, b)
#define SEATRIAL_TRY_(result, ret, declaration, ...)               \
  auto result = __VA_ARGS__;                                       \
  if (!result) ret ::seatrial::Failure(std::move(result).error()); \
  declaration = std::move(*result)
#define SEATRIAL_CHECK_(result, ret, ...) \
  if (auto result = __VA_ARGS__; !result) ret ::seatrial::Failure(std::move(result).error())

/// TRY(auto x, f()): x is the value of f(), or the enclosing function returns its failure.
#define TRY(declaration, ...) \
  SEATRIAL_TRY_(SEATRIAL_JOIN(seatrial_try_, __COUNTER__), return, declaration, __VA_ARGS__)
/// CHECK_OK(f()): the same for Result<void>.
#define CHECK_OK(...) \
  SEATRIAL_CHECK_(SEATRIAL_JOIN(seatrial_try_, __COUNTER__), return, __VA_ARGS__)
/// The two for coroutines.
#define CO_TRY(declaration, ...) \
  SEATRIAL_TRY_(SEATRIAL_JOIN(seatrial_try_, __COUNTER__), co_return, declaration, __VA_ARGS__)
#define CO_CHECK_OK(...) \
  SEATRIAL_CHECK_(SEATRIAL_JOIN(seatrial_try_, __COUNTER__), co_return, __VA_ARGS__)
