// SPDX-License-Identifier: Apache-2.0
#pragma once
// The messages of the bench protocol, version 3: one JSON object per WebSocket text frame, the same
// bytes over a unix socket at the desk and over TLS through a lab. A suite (or the desk) is the
// client, the bench host the server.
//
//  client {"hello":{"version":3,"oldest":1,"run":..,"attempt":..,"case":..,"suite_digest":..,
//                   "epoch":..,"token":..}}
//  server {"hello":{"version":3,"oldest":1,"bench":name}}  or {"abort":failure} and close
//  client {"id":1,"verb":"shell.run","args":{..},"deadline":30.0}  seconds, enforced by the server;
//                                          without one the default_deadline() of the verb
//  server {"id":1,"value":{..}}  or  {"id":1,"failure":{..}}
//  client {"cancel":1}                     the reply still comes, blame cancelled
//  client {"note":{"seq":5,"kind":"assertion","data":{..}}}        one-way; kinds below
//  server {"ack":5}                        all notes up to 5 are in the event log; not each has one
//  server {"abort":failure}                end now (panic, bench lost, cancelled)
//
// Note kinds: assertion, measurement, note, artifact, case_result {verdict: pass|fail|skip|error|
// timeout, failure?, reason?}; the first case_result counts. A newer side offers the range [oldest,
// version]; without a common version the server aborts with "protocol.version". Unknown members and
// note kinds are ignored.
//
// The epoch is that of the lease the client works under (a fencing token): one that is older than
// the bench's own is refused with "lease.stale_epoch", because somebody else has the bench now.
//
// A client may have kMostOpenRequests open; the next are answered with "protocol.too_many". One
// that does not read its replies is not read either, until it does.
//
// A connection has one hello; a second one ends it with "protocol.second_hello".
//
// All text is UTF-8. Bytes that may be something else are base64, with a truth beside them that
// says so (protocol_bytes.hpp; since version 3 also on the way in).
//
// Streams (since version 2): while the request of a verb that streams is open, bytes flow both ways
// in binary frames: 8 bytes request id, little endian, then the bytes; a frame without bytes says
// that no more will come from that side. Each side may send kStreamWindow bytes of a stream beyond
// what the other has taken; {"credit":{"id":1,"bytes":65536}} says how much more was taken.
// {"event":{"id":1,"kind":"power","data":{..}}} tells the client what is no byte of the stream, at
// its place in it. The reply ends the stream.

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
struct StreamEvent {
  std::uint64_t id = 0;
  std::string kind;
  JsonPtr data;
};
struct Credit {
  std::uint64_t id = 0;
  std::uint64_t bytes = 0;
};

using Message = std::variant<ClientHello, ServerHello, Request, Reply, Cancel, Note, Ack, Abort,
                             StreamEvent, Credit>;

/// The version that brought streams, and how far a sender may be ahead of its reader, in bytes.
inline constexpr int kStreamsSince = 2;
inline constexpr std::size_t kStreamWindow = 256u << 10;

/// Requests of one client that a server works on at a time.
inline constexpr std::size_t kMostOpenRequests = 64;

struct StreamFrame {
  std::uint64_t id = 0;
  std::string_view bytes;  ///< part of the frame it was read from
};
std::string encode_stream(std::uint64_t id, std::string_view bytes);
Result<StreamFrame> decode_stream(std::string_view frame);

/// Arguments and values that are not UTF-8 give "protocol.not_text": nothing of them is replaced
/// behind anybody's back. What is told to people (failures, notes, events) always gets through,
/// with U+FFFD in it; so only a Request and a Reply with a value can fail.
Result<std::string> encode(const Message& message);
/// `from_client` tells the two kinds of hello apart. Hostile bytes give a Failure
/// "protocol.malformed".
Result<Message> decode(std::string_view frame, bool from_client);

/// The version both sides speak, or a Failure that says which side is too old.
Result<int> agree_on_version(int our_version, int our_oldest, int their_version, int their_oldest);

}  // namespace seatrial::model
