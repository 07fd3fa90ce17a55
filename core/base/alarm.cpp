// SPDX-License-Identifier: Apache-2.0
#include "core/base/alarm.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace seatrial {
namespace asio = boost::asio;

struct Alarm::State {
  explicit State(asio::any_io_executor executor) : changed(executor) {
    changed.expires_at(asio::steady_timer::time_point::max());
  }
  asio::steady_timer changed;
  std::optional<Failure> failure;
};

Alarm::Alarm(asio::any_io_executor executor) : state_(std::make_shared<State>(executor)) {}
Alarm::~Alarm() = default;

void Alarm::raise(Failure failure) {
  if (state_->failure) return;
  state_->failure = std::move(failure);
  state_->changed.cancel();
}

void Alarm::reset() { state_->failure.reset(); }

const std::optional<Failure>& Alarm::raised() const { return state_->failure; }

Task<Result<>> Alarm::wait() {
  auto state = state_;
  while (!state->failure) {
    boost::system::error_code error;
    co_await state->changed.async_wait(asio::redirect_error(asio::use_awaitable, error));
    const auto mine = co_await asio::this_coro::cancellation_state;
    if (mine.cancelled() != asio::cancellation_type::none)
      throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return *state->failure;
}

}  // namespace seatrial
