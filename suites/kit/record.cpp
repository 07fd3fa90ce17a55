// SPDX-License-Identifier: Apache-2.0
// What a case puts on record: measurements with their limits, and notes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "suites/kit/bench.hpp"
#include "suites/kit/caller.hpp"

namespace seatrial::kit {

void Bench::measure(std::string_view name, double value, std::string_view unit, Limit limit,
                    std::source_location where) {
  const double scale = limit.is_time ? info().budget_scale : 1;
  nlohmann::json data{{"name", name}, {"value", value}, {"unit", unit}};
  std::string wanted;
  bool ok = true;
  if (limit.at_most) {
    const double most = *limit.at_most * scale;
    data["limit"]["at_most"] = most;
    ok = ok && value <= most;
    wanted = fmt::format("at most {:.3g} {}", most, unit);
  }
  if (limit.at_least) {
    const double least = *limit.at_least * scale;
    data["limit"]["at_least"] = least;
    ok = ok && value >= least;
    wanted += fmt::format("{}at least {:.3g} {}", wanted.empty() ? "" : " and ", least, unit);
  }
  data["ok"] = ok;
  caller_->note("measurement", std::move(data));
  if (ok) return;
  ADD_FAILURE_AT(where.file_name(), static_cast<int>(where.line()))
      << fmt::format("{} is {:.3g} {}, allowed is {}", name, value, unit, wanted);
}

void Bench::measure(std::string_view name, Seconds span, Limit limit, std::source_location where) {
  measure(name, span.count(), "s", limit, where);
}

void Bench::note(std::string_view text) {
  caller_->note("note", {{"text", text}, {"level", "info"}});
}

}  // namespace seatrial::kit
