// SPDX-License-Identifier: Apache-2.0
#pragma once
// Input: bytes from a descriptor that is not ours alone: a terminal, a pipe or a file. It is read
// without making the shared open file non-blocking, which would break the shell that we return to.

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial::cli {

class Input {
 public:
  Input(boost::asio::any_io_executor executor, int fd);
  ~Input();
  /// What is there; nullopt at the end (of a terminal: it has hung up).
  Task<std::optional<std::string>> read();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace seatrial::cli
