// SPDX-License-Identifier: Apache-2.0
#pragma once
// Notifier: a condition variable for coroutines of one io_context thread. A waiter gives a
// predicate, which is checked again after each notify(); a destroyed notifier ends its waiters with
// a cancelled failure. Bound a wait with within(budget, notifier.until(...)).

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial {

class Notifier {
 public:
  explicit Notifier(boost::asio::any_io_executor executor);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// Wakes every waiter, which looks at its predicate again.
  void notify();
  /// Ends when `done` is true; checked at once, then after each notify(). What `done` refers to
  /// must live until this ends.
  Task<Result<>> until(std::function<bool()> done);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace seatrial
