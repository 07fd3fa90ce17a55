// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/within.hpp"
#include "core/model/protocol_bytes.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

Task<Result<json>> observed(Bench& bench, json arguments) {
  const double since_run = arguments.value("since", 0.0);
  const double run_began = seconds(Clock::system().monotonic()) - bench.events().now();
  const double since = since_run > 0 ? run_began + since_run : 0;
  CO_TRY(const auto seen, co_await bench.rig().network()->observed(since));
  json dhcp = json::array();
  for (const auto& message : seen.dhcp)
    dhcp.push_back({{"type", message.type},
                    {"mac", message.mac},
                    {"hostname", message.hostname},
                    {"address", message.address},
                    {"gateway", message.gateway},
                    {"dns", message.dns}});
  co_return model::readable({{"dhcp", dhcp}, {"sources", seen.sources}, {"mdns", seen.mdns}});
}

Task<Result<json>> plan(Bench& bench, json) {
  const auto plan = bench.rig().network()->plan();
  co_return json{{"prefix", plan.prefix},
                 {"gateway", plan.gateway},
                 {"dns", plan.dns},
                 {"dhcp", plan.dhcp},
                 {"free", plan.free}};
}

/// The capture is a file that grows: it is read again three times a second.
Task<Result<json>> heard(Bench& bench, std::string name) {
  CO_TRY(const auto before, co_await bench.rig().network()->observed(1e18));
  const double since = before.at;
  for (;;) {
    CO_TRY(const auto seen, co_await bench.rig().network()->observed(since));
    if (std::find(seen.mdns.begin(), seen.mdns.end(), name) != seen.mdns.end())
      co_return json{{"at", bench.events().now()}};
    co_await pause(std::chrono::milliseconds(300));
  }
}

Task<Result<json>> wait_name(Bench& bench, json arguments) {
  auto name = arguments.at("name").get<std::string>();
  Budget budget(bench.span_or(arguments, 60), "the DUT to announce " + name + " by mDNS");
  budget.code = "network.name_not_heard";
  budget.blame = Blame::product;
  budget.advice =
      "see private/packets-N.pcap for what it announced, and the journal of avahi-daemon";
  co_return co_await within(std::move(budget), heard(bench, std::move(name)));
}

Task<Result<json>> follow(Bench& bench, json arguments) {
  CO_CHECK_OK(co_await bench.rig().network()->follow(arguments.at("address").get<std::string>()));
  bench.ssh().drop();
  co_return json::object();
}

}  // namespace

void add_network_verbs(HandlerTable& table) {
  table["network.observed"] = observed;
  table["network.wait_name"] = wait_name;
  table["network.plan"] = plan;
  table["network.follow"] = follow;
}

}  // namespace seatrial::bench
