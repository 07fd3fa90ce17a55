// SPDX-License-Identifier: Apache-2.0
// What is done with the table of verbs: look-up, argument checks, documentation.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/model/verbs.hpp"

namespace seatrial::model {
namespace {

constexpr double kMostSeconds = 1e6;   ///< every number of the table is a span or a time
constexpr double kBehindTimeout = 60;  ///< seconds: a guard never ends before what it guards

bool fits(Type type, const nlohmann::json& value) {
  switch (type) {
    case Type::text: return value.is_string();
    case Type::number: return value.is_number() && std::abs(value.get<double>()) <= kMostSeconds;
    case Type::whole: return value.is_number_integer();
    case Type::truth: return value.is_boolean();
    case Type::texts:
      return value.is_array() &&
             std::all_of(value.begin(), value.end(), [](const auto& v) { return v.is_string(); });
    case Type::object: return value.is_object();
    case Type::list: return value.is_array();
    case Type::any: return true;
  }
  return false;
}

std::string wanted(Type type) {
  if (type != Type::number) return std::string(to_string(type));
  return fmt::format("a number, at most {:.0f}", kMostSeconds);
}

Failure wrong_argument(const Verb& verb, const std::string& message) {
  return Failure("protocol.argument", Blame::suite, fmt::format("{}: {}", verb.name, message),
                 "see docs/bench-protocol.md for the verb's parameters");
}

void parameter_rows(std::string& page, std::string_view title, std::span<const Param> params) {
  for (const auto& param : params)
    page += fmt::format("| {} | `{}` | {}{} | {}{} |\n", title, param.name, to_string(param.type),
                        param.required ? "" : ", optional", param.doc,
                        param.since > 1 ? fmt::format(" (since version {})", param.since) : "");
}

}  // namespace

std::string_view to_string(Type type) {
  constexpr std::array<std::string_view, 8> kWords{"text",  "number", "whole", "truth",
                                                   "texts", "object", "list",  "any"};
  return kWords[static_cast<std::size_t>(type)];
}

const Verb* find_verb(std::string_view name) {
  for (const auto& verb : verbs())
    if (verb.name == name) return &verb;
  return nullptr;
}

std::vector<std::string_view> capabilities() {
  std::vector<std::string_view> names;
  for (const auto& verb : verbs())
    if (!verb.capability.empty() &&
        std::find(names.begin(), names.end(), verb.capability) == names.end())
      names.push_back(verb.capability);
  return names;
}

Result<> check_arguments(const Verb& verb, const nlohmann::json& arguments) {
  if (!arguments.is_object()) return wrong_argument(verb, "the arguments must be an object");
  std::vector<std::string> known;
  for (const auto& param : verb.params) {
    known.emplace_back(param.name);
    const auto it = arguments.find(std::string(param.name));
    if (it == arguments.end()) {
      if (param.required) return wrong_argument(verb, fmt::format("{} is missing", param.name));
    } else if (!fits(param.type, *it)) {
      return wrong_argument(verb, fmt::format("{} must be {}", param.name, wanted(param.type)));
    }
  }
  for (const auto& [key, value] : arguments.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      return wrong_argument(
          verb, fmt::format("{} is not a parameter; {}", key, did_you_mean(key, known)));
  return {};
}

namespace {

Failure too_old(const std::string& what, int since, int theirs) {
  return Failure("protocol.version", Blame::bench,
                 fmt::format("{} came with version {} of the bench protocol, and this bench host "
                             "speaks version {}",
                             what, since, theirs),
                 "upgrade Seatrial on the bench host, or run the case on a bench that has it");
}

}  // namespace

Result<> check_version(const Verb& verb, const nlohmann::json& arguments, int their_version) {
  if (verb.since > their_version)
    return too_old(fmt::format("the verb {}", verb.name), verb.since, their_version);
  for (const auto& param : verb.params)
    if (param.since > their_version && arguments.contains(std::string(param.name)))
      return too_old(fmt::format("the parameter {} of {}", param.name, verb.name), param.since,
                     their_version);
  return {};
}

double default_deadline(const Verb& verb, const nlohmann::json& arguments) {
  if (verb.streams) return 0;
  const auto it = arguments.is_object() ? arguments.find("timeout") : arguments.end();
  if (it == arguments.end() || !it->is_number()) return verb.deadline;
  return std::max(verb.deadline, it->get<double>() + kBehindTimeout);
}

std::string verbs_as_markdown() {
  std::string page;
  for (const auto& verb : verbs()) {
    page += fmt::format("### {}\n\n{} ", verb.name, verb.doc);
    page +=
        verb.capability.empty() ? "Every bench." : fmt::format("Capability `{}`.", verb.capability);
    if (verb.deadline > 0) page += fmt::format(" Default deadline {:.0f} s.", verb.deadline);
    if (verb.since > 1) page += fmt::format(" Since version {}.", verb.since);
    if (verb.streams) page += " A stream.";
    page += "\n";
    if (!verb.params.empty() || !verb.result.empty())
      page += "\n| | name | type | meaning |\n|---|---|---|---|\n";
    parameter_rows(page, "in", verb.params);
    parameter_rows(page, "out", verb.result);
    page += "\n";
  }
  return page;
}

}  // namespace seatrial::model
