// SPDX-License-Identifier: Apache-2.0
#pragma once
// Session: the server side of the bench protocol with one client (a suite process or the desk).
// Checks every request against the verb table, gives it a deadline, lets it be cancelled, and
// answers with a value or a Failure. Verbs that stream get their bytes through a Stream. Notes of
// the client go to the owner before they are acknowledged. Memory is bounded: so many requests at a
// time, and a client that does not read its replies is not read either. Ends when the client closes
// or abort() is called.

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/websocket.hpp"
#include "core/model/protocol.hpp"
#include "workers/bench/stream.hpp"

namespace seatrial::bench {

/// What a session needs of its bench.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  virtual std::string bench_name() const = 0;
  /// Of the lease that this bench is driven by; a client of an older one is refused.
  virtual std::int64_t epoch() const { return 0; }
  /// Seconds for a request that names no deadline; 0: none.
  virtual double patience(const model::Verb& verb, const nlohmann::json& arguments) const;
  /// Accepts or refuses a client by its hello (token, run, case); version and epoch are fine.
  virtual Result<> admit(const model::ClientHello& hello) = 0;
  /// Runs a verb whose arguments have been checked. `deadline`: the seconds that the client named,
  /// or 0; the session ends the call in any case.
  virtual Task<Result<nlohmann::json>> call(const model::Verb& verb, nlohmann::json arguments,
                                            double deadline) = 0;
  /// Runs a verb that streams, until it ends or its request is cancelled. Refused unless
  /// overridden.
  virtual Task<Result<nlohmann::json>> stream(const model::Verb& verb, nlohmann::json arguments,
                                              std::shared_ptr<Stream> stream);
  /// Stores a note durably enough to be acknowledged.
  virtual void note(const model::Note& note) = 0;
};

class Session {
 public:
  Session(io::WebSocket socket, SessionOwner& owner);
  ~Session();
  /// Serves until the client closes; a client that is refused or breaks the protocol gives a
  /// Failure ("protocol.*", "lease.*"), a connection that breaks "socket.io".
  Task<Result<>> serve();
  /// Tells the client to end now and why; serve() ends when it has closed.
  void abort(Failure failure);

 private:
  friend struct SessionTasks;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace seatrial::bench
