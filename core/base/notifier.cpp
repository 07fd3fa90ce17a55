// SPDX-License-Identifier: Apache-2.0
#include "core/base/notifier.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace seatrial {
namespace asio = boost::asio;

struct Notifier::State {
  explicit State(asio::any_io_executor executor)
      : bell(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer bell;
  bool closed = false;
};

namespace {

// Free of Notifier: a waiter holds the state, so that it survives the notifier by one step. The
// predicate is not called any more then.
template <class State>
Task<Result<>> wait_until(std::shared_ptr<State> state, std::function<bool()> done) {
  for (;;) {
    if (state->closed)
      co_return Failure("cancelled", Blame::cancelled, "what was waited for is gone",
                        "nothing to do: its owner has ended");
    if (done()) co_return Result<>();
    boost::system::error_code rung;  // the bell is a timer that never ends: it rings by cancelling
    co_await state->bell.async_wait(asio::redirect_error(asio::use_awaitable, rung));
    const auto mine = co_await asio::this_coro::cancellation_state;
    if (mine.cancelled() != asio::cancellation_type::none)
      throw boost::system::system_error(asio::error::operation_aborted);
  }
}

}  // namespace

Notifier::Notifier(asio::any_io_executor executor) : state_(std::make_shared<State>(executor)) {}

Notifier::~Notifier() {
  state_->closed = true;
  state_->bell.cancel();
}

void Notifier::notify() { state_->bell.cancel(); }

Task<Result<>> Notifier::until(std::function<bool()> done) {
  return wait_until(state_, std::move(done));
}

}  // namespace seatrial
