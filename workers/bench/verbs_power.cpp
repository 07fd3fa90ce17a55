// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "core/base/within.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

Task<Result<json>> status(Bench& bench, json) {
  CO_TRY(const auto state, co_await bench.rig().power().state());
  co_return json{{"state", to_string(state)}};
}

Task<Result<json>> on(Bench& bench, json) {
  CO_CHECK_OK(co_await bench.switch_on());
  co_return co_await status(bench, nullptr);
}

Task<Result<json>> off(Bench& bench, json) {
  CO_CHECK_OK(co_await bench.switch_off());
  co_return co_await status(bench, nullptr);
}

Task<Result<json>> cycle(Bench& bench, json) {
  CO_CHECK_OK(co_await bench.switch_off());
  co_return co_await on(bench, nullptr);
}

/// Polls: there is no event for "the DUT has stopped" that every instrument gives. Where none can
/// tell, the console's last words have to do.
Task<Result<>> until_stopped(Bench& bench, unsigned boot) {
  for (;;) {
    CO_TRY(const auto state, co_await bench.rig().run_state());
    if (state == RunState::stopped) co_return Result<>();
    const auto& current = bench.boots().current();
    if (state == RunState::unknown && current.number == boot && current.ended())
      co_return Result<>();
    co_await pause(std::chrono::milliseconds(100));
  }
}

Task<Result<json>> soft_off(Bench& bench, json arguments) {
  const double began = bench.events().now();
  bench.console().sentinels().announce_reset();
  const unsigned boot = bench.boots().current().number;
  CO_CHECK_OK(co_await bench.rig().power().press_button());
  Budget budget(bench.span_or(arguments, bench.parts().device.budgets.shutdown),
                "the OS to switch the device off");
  budget.code = "power.soft_off";
  budget.blame = Blame::product;
  budget.advice = "see the end of the console log for what did not stop";
  CO_CHECK_OK(co_await within(std::move(budget), until_stopped(bench, boot)));
  const double took = bench.events().now() - began;
  bench.ssh().drop();
  CO_CHECK_OK(co_await bench.switch_off());  // a board that has stopped still has power
  co_return json{{"state", "off"}, {"seconds", took}};
}

}  // namespace

void add_power_verbs(HandlerTable& table) {
  table["power.on"] = on;
  table["power.off"] = off;
  table["power.cycle"] = cycle;
  table["power.soft_off"] = soft_off;
  table["power.status"] = status;
}

}  // namespace seatrial::bench
