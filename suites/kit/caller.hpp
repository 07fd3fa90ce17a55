// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside of the kit: bench calls with their arguments as JSON and their budgets scaled. Owned by
// the Bench; not for suite sources, which never see JSON.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "suites/kit/budget.hpp"
#include "suites/kit/link.hpp"
#include "suites/kit/value.hpp"

namespace seatrial::kit {

class Caller {
 public:
  explicit Caller(Link& link) : link_(link) {}

  /// A call without a budget of its own.
  Value call(const std::string& verb);
  Value call(const std::string& verb, nlohmann::json args);
  /// A call with the product's budget: sent as `timeout`, in scaled seconds; the guard deadline of
  /// the request lies behind it.
  Value call(const std::string& verb, nlohmann::json args, Within budget);
  void note(const std::string& kind, nlohmann::json data);
  double scaled(Seconds span) const { return span.count() * scale_; }
  /// Whether the bench host speaks this version of the protocol, or a newer one.
  bool speaks(int version) const { return link_.version() >= version; }
  void set_scale(double scale) { scale_ = scale; }

 private:
  Link& link_;
  double scale_ = 1;
};

}  // namespace seatrial::kit
