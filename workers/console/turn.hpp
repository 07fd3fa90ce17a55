// SPDX-License-Identifier: Apache-2.0
#pragma once
// Turn: lets coroutines of one io_context thread do something one after the other. The turn ends
// when the value from take() is dropped, also by cancellation.

#include <memory>

#include "core/base/notifier.hpp"

namespace seatrial::console {

class Turn {
 public:
  explicit Turn(boost::asio::any_io_executor executor)
      : state_(std::make_shared<State>(executor)) {}

  Task<Result<std::shared_ptr<void>>> take() {
    const auto state = state_;
    // Named: g++ 12 destroys a capturing lambda inside a co_await expression twice.
    std::function<bool()> free = [state] { return !state->taken; };
    CO_CHECK_OK(co_await state->free.until(std::move(free)));
    state->taken = true;
    co_return std::shared_ptr<void>(state.get(), [state](void*) {
      state->taken = false;
      state->free.notify();
    });
  }

 private:
  struct State {
    explicit State(boost::asio::any_io_executor executor) : free(executor) {}
    bool taken = false;
    Notifier free;
  };
  std::shared_ptr<State> state_;
};

}  // namespace seatrial::console
