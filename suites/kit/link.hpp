// SPDX-License-Identifier: Apache-2.0
#pragma once
// The suite's end of the bench protocol (core/model/protocol.hpp): one connection for one case,
// used by one thread, blocking. Requests wait for their reply; notes are one-way until the result
// of the case, which is acknowledged. An Abort of the bench host, or its end, throws CaseEnded out
// of whatever is being waited for.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/io/websocket.hpp"
#include "core/model/protocol.hpp"

namespace seatrial::kit {

/// What the bench host put into our environment.
struct Environment {
  std::filesystem::path socket;  ///< empty: nobody runs us
  std::string token, run, suite_digest;
  int attempt = 1;
  std::int64_t epoch = 0;  ///< of the lease we run under
  static Environment read();
};

class Link {
 public:
  /// Connects and greets. Fails when the host refuses us ("protocol.version", wrong token).
  static Result<std::unique_ptr<Link>> open(const Environment& environment,
                                            const std::string& case_name);

  /// The value of a verb, or throws BenchFailure: also, before anything is sent, when the bench
  /// host is too old for the verb or an argument ("protocol.version"). `deadline`: seconds the host
  /// is given for it; 0: the verb's own default, as the table has it. The host is declared dead a
  /// minute after that.
  nlohmann::json call(const std::string& verb, nlohmann::json args, double deadline = 0);
  void note(const std::string& kind, nlohmann::json data);
  /// Sends the result of the case and returns when the host has it in its event log.
  void deliver(nlohmann::json case_result);
  const std::string& bench_name() const { return bench_name_; }
  /// The protocol version that both sides speak.
  int version() const { return version_; }
  void close() { socket_.close(); }

 private:
  explicit Link(io::BlockingWebSocket socket) : socket_(std::move(socket)) {}
  Result<> greet(const Environment& environment, const std::string& case_name);
  model::Message next(double patience);
  void send(const model::Message& message);

  io::BlockingWebSocket socket_;
  std::string bench_name_;
  int version_ = model::kOldestProtocol;
  std::uint64_t last_id_ = 0, last_note_ = 0, acknowledged_ = 0;
};

}  // namespace seatrial::kit
