// SPDX-License-Identifier: Apache-2.0
#include "core/model/failure_json.hpp"

#include <nlohmann/json.hpp>

namespace seatrial::model {
namespace {

std::string text_or(const nlohmann::json& object, const char* key, const char* otherwise) {
  if (const auto it = object.find(key);
      it != object.end() && it->is_string() && !it->get_ref<const std::string&>().empty())
    return it->get<std::string>();
  return otherwise;
}

}  // namespace

nlohmann::json to_json(const Failure& failure) {
  std::string file = failure.where().file_name();
  if (const auto slash = file.find_last_of('/'); slash != std::string::npos)
    file.erase(0, slash + 1);
  return {{"code", failure.code()},
          {"blame", to_string(failure.blame())},
          {"what", failure.what()},
          {"advice", failure.advice()},
          {"context", failure.context()},
          {"where", file + ":" + std::to_string(failure.where().line())}};
}

Failure failure_from_json(const nlohmann::json& value) {
  const nlohmann::json object = value.is_object() ? value : nlohmann::json::object();
  Failure failure(text_or(object, "code", "unknown"),
                  blame_from_string(text_or(object, "blame", "unknown")),
                  text_or(object, "what", "a failure without a description"),
                  text_or(object, "advice", "look at the log of the peer that reported it"));
  if (const auto it = object.find("context"); it != object.end() && it->is_array())
    for (const auto& note : *it)
      if (note.is_string()) failure = std::move(failure).with(note.get<std::string>());
  return failure;
}

}  // namespace seatrial::model
