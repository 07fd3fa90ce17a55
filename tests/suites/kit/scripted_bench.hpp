// SPDX-License-Identifier: Apache-2.0
#pragma once
// A bench host for one connection, as told by a script: the real protocol over a real socket, in a
// thread of the test. Ends when the client has gone.

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/io/process.hpp"
#include "core/model/protocol.hpp"

namespace seatrial::kit {

struct Script {
  /// Replies by verb; a verb without one is answered with an empty object. bench.info has a
  /// default.
  std::map<std::string, std::function<Result<nlohmann::json>(const nlohmann::json&)>> replies;
  std::optional<Failure> refuse;  ///< sent instead of our hello
  int version = model::kProtocolVersion, oldest = model::kOldestProtocol;
  std::string abort_at;     ///< this verb is answered with an Abort
  std::string vanish_at;    ///< at this verb the connection is cut
  bool two_in_one = false;  ///< each reply comes right behind an ack, in one go
};

struct Transcript {
  model::ClientHello hello;
  std::vector<std::pair<std::string, nlohmann::json>> requests;
  std::vector<double> deadlines;
  std::vector<std::pair<std::string, nlohmann::json>> notes;
  std::optional<nlohmann::json> result() const;
  std::vector<nlohmann::json> of_kind(const std::string& kind) const;
};

struct Played {
  io::Output process;
  Transcript seen;
};

/// Runs `program --case NAME` against the script.
Played play(const std::string& program, const std::string& case_name, Script script);
/// The fixture suites beside this test.
std::string fixture_suite();
std::string bare_suite();

}  // namespace seatrial::kit
