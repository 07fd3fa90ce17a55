// SPDX-License-Identifier: Apache-2.0
#pragma once
// Alarm: a one-shot signal that carries a Failure from wherever something went wrong (the console
// saw a panic, QEMU died, a person pressed Ctrl-C) to whoever waits for it. The first raise wins;
// later ones are ignored until reset(). One io_context thread; must outlive its waiters.

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial {

class Alarm {
 public:
  explicit Alarm(boost::asio::any_io_executor executor);
  ~Alarm();
  void raise(Failure failure);
  void reset();
  const std::optional<Failure>& raised() const;
  /// Ends with the failure as soon as there is one: the breaker of unless(alarm.wait(), task).
  Task<Result<>> wait();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace seatrial
