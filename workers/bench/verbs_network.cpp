// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "workers/bench/bench.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

Task<Result<json>> observed(Bench& bench, json arguments) {
  const double since_run = arguments.value("since", 0.0);
  const double wall = seconds(Clock::system().wall()) - bench.events().now() + since_run;
  CO_TRY(const auto seen, co_await bench.rig().network().observed(since_run > 0 ? wall : 0));
  json dhcp = json::array();
  for (const auto& message : seen.dhcp)
    dhcp.push_back({{"type", message.type},
                    {"mac", message.mac},
                    {"hostname", message.hostname},
                    {"address", message.address}});
  co_return json{{"dhcp", dhcp}, {"sources", seen.sources}, {"mdns", seen.mdns}};
}

Task<Result<json>> follow(Bench& bench, json arguments) {
  CO_CHECK_OK(co_await bench.rig().network().follow(arguments.at("address").get<std::string>()));
  bench.ssh().drop();
  co_return json::object();
}

}  // namespace

void add_network_verbs(HandlerTable& table) {
  table["network.observed"] = observed;
  table["network.follow"] = follow;
}

}  // namespace seatrial::bench
