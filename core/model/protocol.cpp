// SPDX-License-Identifier: Apache-2.0
#include "core/model/protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/model/failure_json.hpp"
#include "core/model/foreign_json.hpp"

namespace seatrial::model {
namespace {
using nlohmann::json;

Failure malformed(std::string_view what) {
  return Failure("protocol.malformed", Blame::suite,
                 fmt::format("a frame of the bench protocol is malformed: {}", what),
                 "check that both sides are Seatrial of about the same version");
}

Failure not_text(const std::string& what, Blame blame) {
  return Failure("protocol.not_text", blame,
                 what + " holds bytes that are not UTF-8, which JSON cannot carry",
                 blame == Blame::suite
                     ? "send them as base64 where the verb takes that: see docs/bench-protocol.md"
                     : "report this: the verb has to say such bytes as base64");
}

template <class T>
T get(const json& object, const char* key, T fallback) {
  const auto it = object.find(key);
  if (it == object.end()) return fallback;
  if constexpr (std::is_same_v<T, std::string>)
    return it->is_string() ? it->get<T>() : fallback;
  else if constexpr (std::is_integral_v<T>)
    return it->is_number_integer() ? it->get<T>() : fallback;
  else
    return it->is_number() ? it->get<T>() : fallback;
}

JsonPtr object_at(const json& object, const char* key) {
  const auto it = object.find(key);
  return std::make_shared<const json>(it != object.end() ? *it : json::object());
}

ClientHello client_hello(const json& body) {
  ClientHello hello;
  hello.version = get(body, "version", 0);
  hello.oldest = get(body, "oldest", hello.version);
  hello.run = get<std::string>(body, "run", "");
  hello.attempt = get(body, "attempt", 0);
  hello.case_name = get<std::string>(body, "case", "");
  hello.suite_digest = get<std::string>(body, "suite_digest", "");
  hello.epoch = get<std::int64_t>(body, "epoch", 0);
  hello.token = get<std::string>(body, "token", "");
  return hello;
}

ServerHello server_hello(const json& body) {
  ServerHello hello;
  hello.version = get(body, "version", 0);
  hello.oldest = get(body, "oldest", hello.version);
  hello.bench = get<std::string>(body, "bench", "");
  return hello;
}

struct Encoder {
  json operator()(const ClientHello& m) const {
    return {{"hello",
             {{"version", m.version},
              {"oldest", m.oldest},
              {"run", m.run},
              {"attempt", m.attempt},
              {"case", m.case_name},
              {"suite_digest", m.suite_digest},
              {"epoch", m.epoch},
              {"token", m.token}}}};
  }
  json operator()(const ServerHello& m) const {
    return {{"hello", {{"version", m.version}, {"oldest", m.oldest}, {"bench", m.bench}}}};
  }
  json operator()(const Request& m) const {
    json out{{"id", m.id}, {"verb", m.verb}, {"args", m.args ? *m.args : json::object()}};
    if (m.deadline > 0) out["deadline"] = m.deadline;
    return out;
  }
  json operator()(const Reply& m) const {
    if (m.failure) return {{"id", m.id}, {"failure", to_json(*m.failure)}};
    return {{"id", m.id}, {"value", m.value ? *m.value : json::object()}};
  }
  json operator()(const Cancel& m) const { return {{"cancel", m.id}}; }
  json operator()(const Note& m) const {
    return {
        {"note", {{"seq", m.seq}, {"kind", m.kind}, {"data", m.data ? *m.data : json::object()}}}};
  }
  json operator()(const Ack& m) const { return {{"ack", m.seq}}; }
  json operator()(const Abort& m) const { return {{"abort", to_json(m.failure)}}; }
  json operator()(const StreamEvent& m) const {
    return {
        {"event", {{"id", m.id}, {"kind", m.kind}, {"data", m.data ? *m.data : json::object()}}}};
  }
  json operator()(const Credit& m) const {
    return {{"credit", {{"id", m.id}, {"bytes", m.bytes}}}};
  }
};

}  // namespace

Result<std::string> encode(const Message& message) {
  const auto* request = std::get_if<Request>(&message);
  const auto* reply = std::get_if<Reply>(&message);
  const bool exact = request || (reply && !reply->failure);
  using Handler = json::error_handler_t;
  try {
    return std::visit(Encoder{}, message)
        .dump(-1, ' ', false, exact ? Handler::strict : Handler::replace);
  } catch (const json::type_error&) {
    return request ? not_text("the arguments of " + request->verb, Blame::suite)
                   : not_text("the value of a reply", Blame::seatrial);
  }
}

Result<Message> decode(std::string_view frame, bool from_client) {
  const json value = parse_foreign(frame);
  if (!value.is_object()) return malformed("not a JSON object");
  const auto hello = value.find("hello");
  if (hello != value.end()) {
    if (!hello->is_object()) return malformed("hello is not an object");
    if (from_client) return Message(client_hello(*hello));
    return Message(server_hello(*hello));
  }
  if (const auto it = value.find("note"); it != value.end()) {
    if (!it->is_object()) return malformed("note is not an object");
    return Message(Note{get<std::uint64_t>(*it, "seq", 0), get<std::string>(*it, "kind", ""),
                        object_at(*it, "data")});
  }
  if (const auto it = value.find("abort"); it != value.end())
    return Message(Abort{failure_from_json(*it)});
  if (const auto it = value.find("event"); it != value.end()) {
    if (!it->is_object()) return malformed("event is not an object");
    return Message(StreamEvent{get<std::uint64_t>(*it, "id", 0), get<std::string>(*it, "kind", ""),
                               object_at(*it, "data")});
  }
  if (const auto it = value.find("credit"); it != value.end()) {
    if (!it->is_object()) return malformed("credit is not an object");
    return Message(Credit{get<std::uint64_t>(*it, "id", 0), get<std::uint64_t>(*it, "bytes", 0)});
  }
  if (value.contains("ack")) return Message(Ack{get<std::uint64_t>(value, "ack", 0)});
  if (value.contains("cancel")) return Message(Cancel{get<std::uint64_t>(value, "cancel", 0)});
  const auto id = get<std::uint64_t>(value, "id", 0);
  if (id == 0) return malformed("no id");
  if (const auto it = value.find("failure"); it != value.end())
    return Message(Reply{id, nullptr, failure_from_json(*it)});
  if (value.contains("value")) return Message(Reply{id, object_at(value, "value"), std::nullopt});
  const auto verb = get<std::string>(value, "verb", "");
  if (verb.empty()) return malformed("neither verb, value nor failure");
  return Message(
      Request{id, verb, object_at(value, "args"), std::max(0.0, get(value, "deadline", 0.0))});
}

std::string encode_stream(std::uint64_t id, std::string_view bytes) {
  std::string frame;
  frame.reserve(8 + bytes.size());
  for (int i = 0; i < 8; ++i) frame += static_cast<char>((id >> (8 * i)) & 0xFFu);
  return frame.append(bytes);
}

Result<StreamFrame> decode_stream(std::string_view frame) {
  if (frame.size() < 8) return malformed("a binary frame without its request id");
  StreamFrame out;
  for (std::size_t i = 0; i < 8; ++i)
    out.id |= static_cast<std::uint64_t>(static_cast<unsigned char>(frame[i])) << (8 * i);
  out.bytes = frame.substr(8);
  return out;
}

Result<int> agree_on_version(int our_version, int our_oldest, int their_version, int their_oldest) {
  const int common = std::min(our_version, their_version);
  if (common >= std::max(our_oldest, their_oldest)) return common;
  const bool they_are_old = their_version < our_oldest;
  return Failure("protocol.version", Blame::suite,
                 fmt::format("the other side speaks bench protocol {} to {}, this side {} to {}",
                             their_oldest, their_version, our_oldest, our_version),
                 they_are_old ? "rebuild the suite with this version of Seatrial"
                              : "upgrade Seatrial on the bench host");
}

}  // namespace seatrial::model
