// SPDX-License-Identifier: Apache-2.0
#pragma once
// Client: the asking side of the bench protocol with an io_context (the desk; later a relay). Suite
// processes have a blocking one of their own. Requests and streams may be open at the same time.
// Its reader and writer live in the nursery it was given, which ends them; when the connection
// goes, every request that is open fails with "bench.gone", or with what the bench said before it
// went.

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "workers/bench/stream.hpp"

namespace seatrial::bench {

class Client {
 public:
  /// Connects and says hello. The bench must answer within 10 s.
  static Task<Result<std::shared_ptr<Client>>> connect(std::filesystem::path socket,
                                                       Nursery& nursery);
  ~Client();

  const std::string& bench_name() const;
  /// Asks and waits; cancelled here, it is cancelled there. `deadline` in seconds, 0: the verb's.
  Task<Result<nlohmann::json>> call(std::string verb, nlohmann::json arguments,
                                    double deadline = 0);
  /// Opens a stream.
  std::shared_ptr<Stream> open(std::string verb, nlohmann::json arguments);
  /// Waits for the reply that ends a stream.
  Task<Result<nlohmann::json>> ended(std::shared_ptr<Stream> stream);
  /// Asks the bench to end a stream.
  void cancel(const Stream& stream);

 private:
  friend struct ClientTasks;
  struct State;
  explicit Client(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace seatrial::bench
