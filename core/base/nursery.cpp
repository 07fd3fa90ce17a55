// SPDX-License-Identifier: Apache-2.0
#include "core/base/nursery.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <list>
#include <optional>

#include "core/base/assert.hpp"

namespace seatrial {
namespace asio = boost::asio;

struct Nursery::State {
  explicit State(asio::any_io_executor ex) : executor(ex), idle(ex) {
    idle.expires_at(asio::steady_timer::time_point::max());
  }

  struct Child {
    std::string name;
    asio::cancellation_signal stop;
  };

  void ended(std::list<Child>::iterator child, std::exception_ptr thrown,
             std::optional<Failure> failure) {
    if (thrown && !cancelling) failure = failure_of(thrown);
    if (failure && !first && !(cancelling && failure->blame() == Blame::cancelled))
      first = std::move(*failure).with(child->name);
    // A cancel() from outside the loop's thread of execution leaves an emission in the executor's
    // queue that refers to the child's signal: the child is buried behind it.
    auto grave = std::make_shared<std::list<Child>>();
    grave->splice(grave->end(), children, child);
    asio::post(executor, [grave] {});
    if (first && !cancelling) cancel();
    if (children.empty()) idle.cancel();
  }

  static Failure failure_of(std::exception_ptr thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::operation_aborted)
        return Failure("cancelled", Blame::cancelled, "the work was cancelled",
                       "nothing to do: it was asked for");
      return Failure("internal.io", Blame::seatrial,
                     std::string("unexpected I/O error: ") + error.what(),
                     "report this with the log of the process");
    } catch (const std::exception& error) {
      return Failure("internal.exception", Blame::seatrial,
                     std::string("unexpected exception: ") + error.what(),
                     "report this with the log of the process");
    } catch (...) {
      return Failure("internal.exception", Blame::seatrial, "unexpected exception of unknown type",
                     "report this with the log of the process");
    }
  }

  void cancel() {
    cancelling = true;
    // A signal may end its child at once and erase it: step on before emitting.
    for (auto it = children.begin(); it != children.end();) {
      auto child = it++;
      child->stop.emit(asio::cancellation_type::all);
    }
  }

  asio::any_io_executor executor;
  asio::steady_timer idle;
  std::list<Child> children;
  std::optional<Failure> first;
  bool cancelling = false;
};

Nursery::Nursery(asio::any_io_executor executor) : state_(std::make_shared<State>(executor)) {}

Nursery::~Nursery() { SEATRIAL_ASSERT(state_->children.empty()); }

void Nursery::start(std::string name, Task<Result<>> child) {
  auto entry = state_->children.emplace(state_->children.end());
  entry->name = std::move(name);
  asio::co_spawn(
      state_->executor, std::move(child),
      asio::bind_cancellation_slot(
          entry->stop.slot(), [state = state_, entry](std::exception_ptr thrown, Result<> result) {
            std::optional<Failure> failure;
            if (!thrown && !result) failure = result.error();
            state->ended(entry, thrown, std::move(failure));
          }));
}

void Nursery::cancel() { state_->cancel(); }

std::size_t Nursery::running() const { return state_->children.size(); }

Task<Result<>> Nursery::join() {
  auto state = state_;
  // The joiner itself may be cancelled: then the children are too, and they are still waited for.
  while (!state->children.empty()) {
    boost::system::error_code ignored;
    co_await state->idle.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const auto mine = co_await asio::this_coro::cancellation_state;
    if (mine.cancelled() != asio::cancellation_type::none && !state->cancelling) {
      state->cancel();
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    }
  }
  if (state->first) co_return *state->first;
  co_return Result<>();
}

}  // namespace seatrial
