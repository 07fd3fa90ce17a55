// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/fields.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"

namespace seatrial::cutdisk {
using nlohmann::json;

Fields::Fields(const json& object) : object_(object) {
  if (!object.is_object()) trouble_ = "not a JSON object";
}

const json* Fields::find(const char* name) {
  if (!object_.is_object()) return nullptr;
  taken_.insert(name);
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

void Fields::wrong(const char* name, const char* wanted) {
  if (trouble_.empty()) trouble_ = fmt::format("{} must be {}", name, wanted);
}

void Fields::take(const char* name, std::string& into) {
  const auto* value = find(name);
  if (!value) return;
  if (value->is_string())
    into = value->get<std::string>();
  else
    wrong(name, "a text");
}

void Fields::take(const char* name, bool& into) {
  const auto* value = find(name);
  if (!value) return;
  if (value->is_boolean())
    into = value->get<bool>();
  else
    wrong(name, "true or false");
}

void Fields::take(const char* name, std::uint64_t& into) {
  const auto* value = find(name);
  if (!value) return;
  if (value->is_number_unsigned())
    into = value->get<std::uint64_t>();
  else
    wrong(name, "a number from 0 on");
}

void Fields::take(const char* name, std::uint32_t& into) {
  std::uint64_t wide = into;
  take(name, wide);
  if (wide > UINT32_MAX) return wrong(name, "a smaller number");
  into = static_cast<std::uint32_t>(wide);
}

void Fields::take(const char* name, std::int64_t& into) {
  const auto* value = find(name);
  if (!value) return;
  if (value->is_number_integer())
    into = value->get<std::int64_t>();
  else
    wrong(name, "a whole number");
}

Result<> Fields::done() const {
  std::string trouble = trouble_;
  if (trouble.empty())
    for (const auto& [name, value] : object_.items())
      if (!taken_.count(name))
        trouble = fmt::format("{} is not among {}", name,
                              join(std::vector<std::string>(taken_.begin(), taken_.end()), ", "));
  if (trouble.empty()) return {};
  return Failure("disk.request", Blame::seatrial, "a request to the disk: " + trouble,
                 "see workers/disk/README.md for the requests and their members");
}

}  // namespace seatrial::cutdisk
