// SPDX-License-Identifier: Apache-2.0
#include "workers/dut/os/config_edit.hpp"

#include <nlohmann/json.hpp>

#include "core/base/redact.hpp"
#include "core/base/text.hpp"
#include "core/model/foreign_json.hpp"

namespace seatrial::dut {
namespace {
using nlohmann::json;

constexpr std::string_view kSecretKeys[] = {"apiKey", "deviceApiKey", "deviceApiKeys",
                                            "registryToken", "wifiKey"};

bool is_secret(std::string_view key) {
  for (const auto secret : kSecretKeys)
    if (key == secret) return true;
  return false;
}

}  // namespace

Result<json> parse_config(std::string_view text, const std::string& where) {
  json config = model::parse_foreign(text);
  if (config.is_object()) {
    register_config_secrets(config);
    return config;
  }
  return Failure("config.invalid", Blame::product, "config.json is not valid: " + where,
                 "look at the file: " + std::string(text.substr(0, 80)));
}

void edit_config(json& config, const json& set, const std::vector<std::string>& remove) {
  for (const auto& [dotted, value] : set.items()) {
    json* at = &config;
    const auto parts = split(dotted, '.');
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      json& next = (*at)[parts[i]];
      if (!next.is_object()) next = json::object();
      at = &next;
    }
    (*at)[parts.back()] = value;
  }
  for (const auto& dotted : remove) {
    json* at = &config;
    const auto parts = split(dotted, '.');
    for (std::size_t i = 0; at && i + 1 < parts.size(); ++i) {
      const auto it = at->find(parts[i]);
      at = it != at->end() && it->is_object() ? &*it : nullptr;
    }
    if (at) at->erase(parts.back());
  }
}

json masked(json config) {
  for (auto& [key, value] : config.items())
    if (is_secret(key)) value = "<redacted>";
  return config;
}

void register_config_secrets(const json& config) {
  if (!config.is_object()) return;
  for (const auto& [key, value] : config.items()) {
    if (!is_secret(key)) continue;
    if (value.is_string()) register_secret(value.get<std::string>());
    if (!value.is_object()) continue;
    for (const auto& [api, secret] : value.items())  // deviceApiKeys: one for each API
      if (secret.is_string()) register_secret(secret.get<std::string>());
  }
}

}  // namespace seatrial::dut
