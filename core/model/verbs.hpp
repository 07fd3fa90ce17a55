// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one table of bench verbs: what a suite (or the desk) can ask of a bench. Client, server,
// documentation (docs/bench-protocol.md is generated from it) and fuzzer all read it. Adding a verb
// is one entry in its group (verbs_*.cpp) and one handler in workers/bench. A verb is never removed
// or changed in meaning within a protocol version.

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::model {

inline constexpr int kProtocolVersion = 3;
/// The oldest peer this side can speak to.
inline constexpr int kOldestProtocol = 1;

enum class Type { text, number, whole, truth, texts, object, list, any };
std::string_view to_string(Type type);

struct Param {
  std::string_view name;
  Type type;
  bool required;
  std::string_view doc;
  int since = 1;  ///< protocol version that brought it
};

struct Verb {
  std::string_view name;        ///< "power.on"
  std::string_view capability;  ///< what the bench must offer; "" = every bench
  std::string_view doc;         ///< one sentence
  std::span<const Param> params;
  std::span<const Param> result;
  double deadline = 0;   ///< seconds, when the request names none; 0 only for streams: no end
  int since = 1;         ///< protocol version that brought it
  bool streams = false;  ///< bytes flow both ways while the request is open
};

std::span<const Verb> verbs();
const Verb* find_verb(std::string_view name);
/// Every capability that the table mentions.
std::vector<std::string_view> capabilities();

/// Refuses unknown, missing and wrongly typed arguments, with the verb's name and the nearest valid
/// parameter.
Result<> check_arguments(const Verb& verb, const nlohmann::json& arguments);

/// Refuses, with "protocol.version", a verb or an argument that the other side cannot know yet: it
/// speaks `their_version`. For who asks; arguments that the table lacks are left to the host.
Result<> check_version(const Verb& verb, const nlohmann::json& arguments, int their_version);

/// Seconds that the host gives a request which names no deadline: the verb's own, or a minute more
/// than its `timeout` argument where that is longer. 0 for streams: they have no end.
double default_deadline(const Verb& verb, const nlohmann::json& arguments);

/// Markdown page of the protocol's verbs.
std::string verbs_as_markdown();

}  // namespace seatrial::model
