// SPDX-License-Identifier: Apache-2.0
#pragma once
// Nursery: owns child coroutines. start() launches one; the first failure cancels the others;
// join() waits for all of them and returns that first failure. Nothing that a nursery started
// outlives its join(), and no error is lost: this is the only place that may use `detached`
// spawning. Lives on one io_context thread.
//
// A nursery must be joined before it is destroyed (asserted), so keep it in a coroutine that ends
// with `co_return co_await nursery.join();` or call cancel() and join() on every way out.

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial {

class Nursery {
 public:
  explicit Nursery(boost::asio::any_io_executor executor);
  ~Nursery();
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  /// Launches a child; `name` is added as context to its failure.
  void start(std::string name, Task<Result<>> child);
  /// Asks every child to unwind. Idempotent; no-op when idle.
  void cancel();
  /// Waits for all children. A child that ends because of cancel() is not a failure.
  Task<Result<>> join();
  std::size_t running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace seatrial
