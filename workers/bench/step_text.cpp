// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/step_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/redact.hpp"
#include "core/base/text.hpp"
#include "workers/dut/os/config_edit.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

constexpr std::size_t kLongest = 160;

std::string short_form(const json& value) {
  std::string text = value.is_string() ? value.get<std::string>()
                                       : value.dump(-1, ' ', false, json::error_handler_t::replace);
  std::replace(text.begin(), text.end(), '\n', ' ');
  text = redact(std::move(text));  // before the cut, which might leave the half of a secret
  if (text.size() > kLongest) text = text.substr(0, kLongest - 3) + "...";
  return text;
}

/// Arguments that say nothing to who reads the steps.
bool is_plumbing(std::string_view name) {
  return name == "timeout" || name == "content" || name == "base64" || name == "stdin_base64";
}

std::string text_at(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

void register_secrets(const json& arguments) {
  if (const auto set = arguments.find("set"); set != arguments.end())
    dut::register_config_secrets(*set);
}

std::string step_text(const model::Verb& verb, const json& arguments) {
  std::string words(verb.name);
  std::replace(words.begin(), words.end(), '.', ' ');
  std::replace(words.begin(), words.end(), '_', ' ');
  if (arguments.empty()) return words;
  // One main argument is named by its value alone; the others follow as key=value.
  std::string text = words;
  bool first = true;
  for (const auto& param : verb.params) {
    const auto it = arguments.find(std::string(param.name));
    if (it == arguments.end() || is_plumbing(param.name)) continue;
    text += first && param.required ? ": " + short_form(*it)
                                    : fmt::format(" {}={}", param.name, short_form(*it));
    first = false;
  }
  return text;
}

std::string step_result(const model::Verb& verb, const json& value) {
  if (verb.name == "shell.run" || verb.name == "console.run") {
    const auto lines = text_at(value, "out");
    const auto cut = value.value("out_dropped", std::uint64_t{0});
    return fmt::format("exit {}, ", value.value("exit", -1)) +
           (value.value("out_base64", false)
                ? std::string("bytes that are no text")
                : fmt::format("{} lines", std::count(lines.begin(), lines.end(), '\n'))) +
           (cut > 0 ? fmt::format(", {} bytes more were cut off", cut) : "");
  }
  if (verb.name == "console.expect") return "saw " + short_form(value.value("text", ""));
  if (const auto boot = value.find("boot"); boot != value.end() && boot->is_object())
    return fmt::format("boot {}, slot {}, {}, {}", boot->value("number", 0),
                       boot->value("slot", "?"), boot->value("reason", "?"),
                       boot->value("os_version", "?"));
  if (const auto requests = value.find("requests"); requests != value.end() && requests->is_array())
    return fmt::format("{} requests", requests->size());
  if (value.contains("state")) return text_at(value, "state");
  if (verb.name == "os.install") return fmt::format("exit {}", value.value("exit", -1));
  if (value.contains("seconds") && value["seconds"].is_number())
    return human_duration(from_seconds(value["seconds"].get<double>()));
  return {};
}

}  // namespace seatrial::bench
