// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fields: takes the members of a JSON object by name and type; what is of another type, or left
// over, is a Failure "disk.request" that names it. A missing one keeps its default. Plain value,
// used within one function.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

#include "core/base/result.hpp"

namespace seatrial::cutdisk {

class Fields {
 public:
  /// `object` outlives this.
  explicit Fields(const nlohmann::json& object);
  void take(const char* name, std::string& into);
  void take(const char* name, bool& into);
  void take(const char* name, std::uint64_t& into);
  void take(const char* name, std::uint32_t& into);
  void take(const char* name, std::int64_t& into);
  /// Nothing was wrong, and nothing is left.
  Result<> done() const;

 private:
  const nlohmann::json* find(const char* name);
  void wrong(const char* name, const char* wanted);
  const nlohmann::json& object_;
  std::set<std::string> taken_;
  std::string trouble_;
};

}  // namespace seatrial::cutdisk
