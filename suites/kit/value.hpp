// SPDX-License-Identifier: Apache-2.0
#pragma once
// A piece of JSON as a case reads it: config.json, an API request, a fact of the bench. Asking for
// what is not there gives a Value that does not exist, never an exception, so that an expectation
// can say what is missing. Cheap to copy; owns its document.

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace seatrial::kit {

class Value {
 public:
  Value() = default;
  explicit Value(std::shared_ptr<const nlohmann::json> node) : node_(std::move(node)) {}
  /// A Value that does not exist when the text is not JSON.
  static Value parse(std::string_view text);

  bool exists() const { return node_ != nullptr; }
  bool is_text() const;
  bool is_number() const;
  bool is_object() const;
  Value operator[](std::string_view key) const;
  Value operator[](std::size_t index) const;
  bool has(std::string_view key) const { return (*this)[key].exists(); }

  std::string text(std::string fallback = {}) const;
  double number(double fallback = 0) const;
  std::int64_t whole(std::int64_t fallback = 0) const;
  bool truth(bool fallback = false) const;

  std::size_t size() const;
  std::vector<Value> items() const;
  std::vector<std::string> keys() const;
  std::vector<std::string> texts() const;
  std::string dump() const;

 private:
  std::shared_ptr<const nlohmann::json> node_;
};

void PrintTo(const Value& value, std::ostream* out);

}  // namespace seatrial::kit
