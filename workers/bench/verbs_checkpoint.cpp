// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "workers/bench/bench.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

/// A case's own states are kept apart from those that cases start from, and end with the case.
std::string own_name(const json& arguments) {
  return kCaseStates + arguments.at("name").get<std::string>();
}

Task<Result<json>> save(Bench& bench, json arguments) {
  const double began = bench.events().now();
  CO_CHECK_OK(co_await bench.save_checkpoint(own_name(arguments)));
  co_return json{{"seconds", bench.events().now() - began}};
}

Task<Result<json>> restore(Bench& bench, json arguments) {
  const double began = bench.events().now();
  CO_CHECK_OK(co_await bench.restore_checkpoint(own_name(arguments)));
  co_return json{{"seconds", bench.events().now() - began}};
}

}  // namespace

void add_checkpoint_verbs(HandlerTable& table) {
  table["checkpoint.save"] = save;
  table["checkpoint.restore"] = restore;
}

}  // namespace seatrial::bench
