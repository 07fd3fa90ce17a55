// SPDX-License-Identifier: Apache-2.0
// What an OS family does in its own way (workers/dut/os), for the DUT's running shell.
#include <nlohmann/json.hpp>

#include "core/model/protocol_bytes.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

constexpr double kCommandSeconds = 60;

Task<Result<json>> configure(Bench& bench, json arguments) {
  CO_CHECK_OK(co_await bench.os().configure(bench.shell(), arguments.value("set", json::object()),
                                            arguments.value("remove", std::vector<std::string>{}),
                                            bench.scaled(kCommandSeconds)));
  co_return json::object();
}

Task<Result<json>> install(Bench& bench, json arguments) {
  CO_TRY(auto outcome, co_await bench.os().install(
                           bench.shell(), arguments.at("url").get<std::string>(),
                           bench.span_or(arguments, bench.parts().device.budgets.update)));
  co_return model::readable({{"exit", outcome.exit_code},
                             {"out", std::move(outcome.out)},
                             {"phases", outcome.phases},
                             {"seconds", seconds(outcome.took)}});
}

Task<Result<json>> reboot(Bench& bench, json) {
  bench.boots().expect_restart(Clock::system().monotonic());
  bench.console().sentinels().announce_reset();
  CO_CHECK_OK(co_await bench.os().restart(bench.shell(), bench.scaled(kCommandSeconds)));
  bench.ssh().drop();
  co_return json::object();
}

Task<Result<json>> slots(Bench& bench, json) {
  CO_TRY(const auto slots, co_await bench.os().slots(bench.shell(), bench.scaled(kCommandSeconds)));
  co_return json{
      {"active", slots.active}, {"inactive", slots.inactive}, {"counters", slots.counters}};
}

Task<Result<json>> update_state(Bench& bench, json) {
  CO_TRY(const auto state,
         co_await bench.os().update_state(bench.shell(), bench.scaled(kCommandSeconds)));
  co_return model::readable({{"files", state.files}, {"variables", state.variables}});
}

Task<Result<json>> shorten_rollback(Bench& bench, json arguments) {
  dut::RollbackTimings timings;
  timings.settle = arguments.value("settle", 0.0);
  timings.count = arguments.value("count", 0.0);
  timings.interval = arguments.value("interval", 0.0);
  timings.reboot_delay = arguments.value("reboot_delay", 0.0);
  CO_CHECK_OK(
      co_await bench.os().shorten_rollback(bench.shell(), timings, bench.scaled(kCommandSeconds)));
  co_return json::object();
}

}  // namespace

void add_os_verbs(HandlerTable& table) {
  table["os.configure"] = configure;
  table["os.install"] = install;
  table["os.reboot"] = reboot;
  table["os.slots"] = slots;
  table["os.update_state"] = update_state;
  table["os.shorten_rollback"] = shorten_rollback;
}

}  // namespace seatrial::bench
