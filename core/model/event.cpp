// SPDX-License-Identifier: Apache-2.0
#include "core/model/event.hpp"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/model/failure_json.hpp"
#include "core/model/foreign_json.hpp"

namespace seatrial::model {
namespace {
using nlohmann::json;

const json* find(const Event& event, std::string_view key) {
  const auto it = event.data->find(std::string(key));
  return it == event.data->end() ? nullptr : &*it;
}

template <class T>
T value_or(const json& object, const char* key, T fallback) {
  const auto it = object.find(key);
  if (it == object.end()) return fallback;
  if constexpr (std::is_same_v<T, std::string>)
    return it->is_string() ? it->get<T>() : fallback;
  else
    return it->is_number() ? it->get<T>() : fallback;
}

}  // namespace

std::string Event::text(std::string_view key, std::string fallback) const {
  const json* value = find(*this, key);
  return value && value->is_string() ? value->get<std::string>() : fallback;
}

double Event::number(std::string_view key, double fallback) const {
  const json* value = find(*this, key);
  return value && value->is_number() ? value->get<double>() : fallback;
}

bool Event::truth(std::string_view key, bool fallback) const {
  const json* value = find(*this, key);
  return value && value->is_boolean() ? value->get<bool>() : fallback;
}

std::optional<Failure> Event::failure() const {
  const json* value = find(*this, "failure");
  if (!value || !value->is_object()) return std::nullopt;
  return failure_from_json(*value);
}

std::string to_line(const Event& event) {
  // ordered_json keeps the envelope readable for a person with `less`.
  nlohmann::ordered_json line;
  line["v"] = kEventSchema;
  line["seq"] = event.seq;
  line["mono"] = std::round(event.mono * 1e6) / 1e6;
  line["wall"] = event.wall;
  line["run"] = event.run;
  if (event.attempt) line["attempt"] = event.attempt;
  if (!event.case_name.empty()) line["case"] = event.case_name;
  line["kind"] = event.kind;
  line["data"] = *event.data;
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::optional<Event> event_from_line(std::string_view line) {
  const json value = parse_foreign(line);
  if (!value.is_object() || value_or<int>(value, "v", 0) < 1) return std::nullopt;
  Event event;
  event.seq = value_or<std::uint64_t>(value, "seq", 0);
  event.mono = value_or<double>(value, "mono", 0);
  event.wall = value_or<std::string>(value, "wall", "");
  event.run = value_or<std::string>(value, "run", "");
  event.attempt = value_or<int>(value, "attempt", 0);
  event.case_name = value_or<std::string>(value, "case", "");
  event.kind = value_or<std::string>(value, "kind", "");
  const auto data = value.find("data");
  event.data = std::make_shared<const json>(
      data != value.end() && data->is_object() ? *data : json::object());
  if (event.kind.empty()) return std::nullopt;
  return event;
}

Result<EventLogState> for_each_event(const std::filesystem::path& path,
                                     const std::function<void(Event)>& visit) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Failure("events.unreadable", Blame::bench,
                   "cannot read " + path.string() + ": " + std::strerror(errno),
                   "give the folder of a run, as printed at its end");
  EventLogState state;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    const bool last_without_newline = file.eof();
    if (auto event = event_from_line(line)) {
      ++state.events;
      visit(std::move(*event));
    } else if (last_without_newline) {
      state.torn = true;
    } else if (!line.empty()) {
      state.bad.push_back(number);
    }
  }
  return state;
}

Result<EventLogContent> read_event_log(const std::filesystem::path& path) {
  EventLogContent content;
  TRY(const auto state, for_each_event(path, [&content](Event event) {
        content.events.push_back(std::move(event));
      }));
  content.torn = state.torn;
  content.bad = state.bad;
  return content;
}

}  // namespace seatrial::model
