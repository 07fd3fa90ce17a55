// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/caller.hpp"

#include <nlohmann/json.hpp>

namespace seatrial::kit {
namespace {
constexpr double kGuard = 30;  // seconds by which the guard deadline lies behind a product budget
}

Value Caller::call(const std::string& verb) { return call(verb, nlohmann::json::object()); }

Value Caller::call(const std::string& verb, nlohmann::json args) {
  return Value(std::make_shared<const nlohmann::json>(link_.call(verb, std::move(args))));
}

Value Caller::call(const std::string& verb, nlohmann::json args, Within budget) {
  const double seconds = scaled(budget.span);
  args["timeout"] = seconds;
  return Value(
      std::make_shared<const nlohmann::json>(link_.call(verb, std::move(args), seconds + kGuard)));
}

void Caller::note(const std::string& kind, nlohmann::json data) {
  link_.note(kind, std::move(data));
}

}  // namespace seatrial::kit
