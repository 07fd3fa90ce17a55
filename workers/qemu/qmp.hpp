// SPDX-License-Identifier: Apache-2.0
#pragma once
// QMP client: QEMU's machine protocol over a unix socket (greeting, capabilities, commands with
// ids, events). Replies may come in any order and between events; each is matched by its id. Its
// reader lives in the nursery it was given and ends when the socket does, or with close(). Lives on
// one io_context thread. Bounded: a line longer than 16 MiB, or more than 64 commands in flight, is
// a failure.
//
// Failure codes: "qmp.gone" (socket ended; the machine says why), "qmp.protocol" (not QMP),
// "qmp.error" (QEMU refused the command; its class and text are in what).

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/base/within.hpp"

namespace seatrial::qemu {

class Qmp {
 public:
  using EventSink = std::function<void(const std::string& event, const nlohmann::json& data)>;

  /// Connects and negotiates; retries until the socket exists or the budget is spent.
  static Task<Result<std::shared_ptr<Qmp>>> connect(Nursery& nursery, std::filesystem::path socket,
                                                    EventSink sink, Budget budget);
  ~Qmp();
  Qmp(const Qmp&) = delete;
  Qmp& operator=(const Qmp&) = delete;

  /// The "return" value of a command.
  Task<Result<nlohmann::json>> execute(std::string command);
  Task<Result<nlohmann::json>> execute(std::string command, nlohmann::json arguments);
  /// The same, with another limit than the 10 s of the others.
  Task<Result<nlohmann::json>> execute(std::string command, nlohmann::json arguments,
                                       Budget budget);
  /// A command of the human monitor, for what QMP lacks; its text.
  Task<Result<std::string>> human(std::string line);

  bool open() const;
  void close();

 private:
  struct State;
  explicit Qmp(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace seatrial::qemu
