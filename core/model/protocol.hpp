// SPDX-License-Identifier: Apache-2.0
#pragma once
// The messages of the bench protocol, version 1: one JSON object per WebSocket text frame, the same
// bytes over a unix socket at the desk and over TLS through a lab. A suite (or the desk) is the
// client, the bench host the server.
//
//   client
//   {"hello":{"version":1,"oldest":1,"run":..,"attempt":..,"case":..,"suite_digest":..,"epoch":..,"token":..}}
//   server  {"hello":{"version":1,"oldest":1,"bench":name}}           or {"abort":failure} and
//   close client  {"id":1,"verb":"shell.run","args":{..},"deadline":30.0}   deadline: seconds,
//   enforced by the bench host server  {"id":1,"value":{..}}  or  {"id":1,"failure":{..}} client
//   {"cancel":1}                                              the reply still comes, blame
//   cancelled client  {"note":{"seq":5,"kind":"assertion","data":{..}}}         one-way; kinds
//   below server  {"ack":5}                                                 all notes up to 5 are
//   in the event log server  {"abort":failure}                                         end the case
//   now (panic, bench lost, cancelled)
//
// Note kinds: assertion, measurement, note, artifact, case_result {verdict: pass|fail|skip|error,
// failure?, reason?}. Binary frames are reserved for streams: 8 bytes request id, little endian,
// then payload. A newer side offers the range [oldest, version]; without a common version the
// server aborts with "protocol.version". Unknown members and note kinds are ignored.

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/result.hpp"
#include "core/model/verbs.hpp"

namespace seatrial::model {

/// JSON held through a pointer, so that headers need only the forward declaration.
using JsonPtr = std::shared_ptr<const nlohmann::json>;

struct ClientHello {
  int version = kProtocolVersion;
  int oldest = kOldestProtocol;
  std::string run;
  int attempt = 0;
  std::string case_name;
  std::string suite_digest;
  std::int64_t epoch = 0;
  std::string token;
};
struct ServerHello {
  int version = kProtocolVersion;
  int oldest = kOldestProtocol;
  std::string bench;
};
struct Request {
  std::uint64_t id = 0;
  std::string verb;
  JsonPtr args;
  double deadline = 0;  ///< seconds; 0: the verb's own default
};
struct Reply {
  std::uint64_t id = 0;
  JsonPtr value;                   ///< set when it went well
  std::optional<Failure> failure;  ///< set otherwise
};
struct Cancel {
  std::uint64_t id = 0;
};
struct Note {
  std::uint64_t seq = 0;
  std::string kind;
  JsonPtr data;
};
struct Ack {
  std::uint64_t seq = 0;
};
struct Abort {
  Failure failure;
};

using Message = std::variant<ClientHello, ServerHello, Request, Reply, Cancel, Note, Ack, Abort>;

std::string encode(const Message& message);
/// `from_client` tells the two kinds of hello apart. Hostile bytes give a Failure
/// "protocol.malformed".
Result<Message> decode(std::string_view frame, bool from_client);

/// The version both sides speak, or a Failure that says which side is too old.
Result<int> agree_on_version(int our_version, int our_oldest, int their_version, int their_oldest);

}  // namespace seatrial::model
