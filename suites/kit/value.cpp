// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/value.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

namespace seatrial::kit {
using nlohmann::json;

Value Value::parse(std::string_view text) {
  auto parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return {};
  return Value(std::make_shared<const json>(std::move(parsed)));
}

bool Value::is_text() const { return node_ && node_->is_string(); }
bool Value::is_number() const { return node_ && node_->is_number(); }
bool Value::is_object() const { return node_ && node_->is_object(); }

Value Value::operator[](std::string_view key) const {
  if (!is_object()) return {};
  const auto it = node_->find(key);
  if (it == node_->end() || it->is_null()) return {};
  return Value(std::shared_ptr<const json>(node_, &*it));
}

Value Value::operator[](std::size_t index) const {
  if (!node_ || !node_->is_array() || index >= node_->size()) return {};
  return Value(std::shared_ptr<const json>(node_, &(*node_)[index]));
}

std::string Value::text(std::string fallback) const {
  return is_text() ? node_->get<std::string>() : fallback;
}

double Value::number(double fallback) const {
  return is_number() ? node_->get<double>() : fallback;
}

std::int64_t Value::whole(std::int64_t fallback) const {
  return node_ && node_->is_number_integer() ? node_->get<std::int64_t>() : fallback;
}

bool Value::truth(bool fallback) const {
  return node_ && node_->is_boolean() ? node_->get<bool>() : fallback;
}

std::size_t Value::size() const {
  return node_ && (node_->is_array() || node_->is_object()) ? node_->size() : 0;
}

std::vector<Value> Value::items() const {
  std::vector<Value> all;
  if (node_ && node_->is_array())
    for (std::size_t i = 0; i < node_->size(); ++i) all.push_back((*this)[i]);
  return all;
}

std::vector<std::string> Value::keys() const {
  std::vector<std::string> all;
  if (is_object())
    for (const auto& [key, value] : node_->items()) all.push_back(key);
  return all;
}

std::vector<std::string> Value::texts() const {
  std::vector<std::string> all;
  for (const auto& item : items()) all.push_back(item.text());
  return all;
}

std::string Value::dump() const {
  return node_ ? node_->dump(-1, ' ', false, json::error_handler_t::replace) : "(absent)";
}

void PrintTo(const Value& value, std::ostream* out) { *out << value.dump(); }

}  // namespace seatrial::kit
