// SPDX-License-Identifier: Apache-2.0
#include "core/cli/config_edit.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/cli/verb.hpp"

namespace seatrial::cli {
namespace {

using nlohmann::json;

bool is_secret(std::string key) {
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto word : {"apikey", "password", "psk", "secret", "token", "privatekey"})
    if (key.find(word) != std::string::npos) return true;
  return false;
}

void mask(json& value) {
  if (value.is_array())
    for (auto& item : value) mask(item);
  if (!value.is_object()) return;
  for (auto& [key, item] : value.items()) {
    if (is_secret(key) && !item.is_object())
      item = "(secret)";
    else
      mask(item);
  }
}

/// The object that holds the last word of a path; made on the way when `make` is set.
json* parent_of(json& root, const std::vector<std::string>& words, bool make) {
  json* at = &root;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const bool there = at->is_object() && at->contains(words[i]) && (*at)[words[i]].is_object();
    if (!there && !make) return nullptr;
    if (!there) (*at)[words[i]] = json::object();
    at = &(*at)[words[i]];
  }
  return at;
}

}  // namespace

Result<> ConfigEdit::add(const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == 0 || equals == std::string::npos)
    return usage(fmt::format("'{}' is not KEY=VALUE", assignment), "write hostname=probe");
  const auto key = assignment.substr(0, equals), value = assignment.substr(equals + 1);
  const auto words = split(key, '.');
  if (std::find(words.begin(), words.end(), "") != words.end())
    return usage(fmt::format("'{}' has an empty part between dots", key),
                 "write os.network.connectivity.uri=...");
  const auto parsed = json::parse(value, nullptr, false);
  set.emplace_back(key, parsed.is_discarded() ? json(value).dump() : parsed.dump());
  return {};
}

Result<std::string> ConfigEdit::apply(const std::string& text, const std::string& where) const {
  auto config = json::parse(text.empty() ? "{}" : text, nullptr, false);
  if (!config.is_object())
    return Failure("config.invalid", Blame::suite,
                   fmt::format("config.json in {} is not a JSON object", where),
                   "repair it by hand: mcopy -i gets it out of the boot partition, 'seatrial image "
                   "inspect' says where that is");
  for (const auto& [key, value] : set) {
    const auto words = split(key, '.');
    (*parent_of(config, words, true))[words.back()] = json::parse(value);
  }
  for (const auto& key : remove) {
    const auto words = split(key, '.');
    if (auto* parent = parent_of(config, words, false)) parent->erase(words.back());
  }
  return config.dump();
}

std::string masked_config(const std::string& text) {
  auto config = json::parse(text, nullptr, false);
  if (config.is_discarded()) return "(not valid JSON)";
  mask(config);
  return config.dump(2);
}

}  // namespace seatrial::cli
