// SPDX-License-Identifier: Apache-2.0
#pragma once
// Desk: the place where people reach a bench that stays for them: any number of them at once, over
// a socket in a private folder of the user. Their requests that change the power or the medium are
// done one after the other. Exists from take() on (a lock: one bench per desk), can be reached from
// open() on, and is given back by its destructor. Owned by the bench host, on its io_context
// thread.

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <memory>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/model/desk_record.hpp"
#include "workers/bench/bench.hpp"

namespace seatrial::bench {

class Desk {
 public:
  /// `folder` is the desk's own. Fails with "desk.busy" when another bench has it.
  static Result<std::unique_ptr<Desk>> take(std::filesystem::path folder);
  /// Removes the record and lets the desk go; the bench should be safe by then.
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// Listens and writes the record. `record.socket` says where; pid and time are filled in.
  Result<> open(boost::asio::any_io_executor executor, model::DeskRecord record);
  /// Serves people until one of them ends the bench, or it is cancelled. They are told.
  Task<Result<>> serve(Bench& bench);

 private:
  friend struct DeskTasks;
  struct State;
  explicit Desk(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace seatrial::bench
