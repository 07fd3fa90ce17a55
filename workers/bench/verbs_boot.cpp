// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "workers/bench/bench.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

Task<Result<json>> current(Bench& bench, json) {
  co_return json{{"boot", bench.describe_boot(bench.boots().current())}};
}

Task<Result<json>> next(Bench& bench, json arguments) {
  Budget budget(bench.span_or(arguments, bench.parts().device.budgets.boot_to_ssh),
                "the next boot to reach a shell");
  budget.code = "boot.not_reached";
  budget.blame = Blame::product;
  budget.advice = "see the console log for how far it came";
  CO_TRY(auto boot,
         co_await bench.shell_after(arguments.at("after").get<unsigned>(), std::move(budget)));
  co_return json{{"boot", bench.describe_boot(boot)}};
}

Task<Result<json>> history(Bench& bench, json) {
  json boots = json::array();
  for (const auto& boot : bench.boots().history()) boots.push_back(bench.describe_boot(boot));
  co_return json{{"boots", boots}};
}

}  // namespace

void add_boot_verbs(HandlerTable& table) {
  table["boot.current"] = current;
  table["boot.next"] = next;
  table["boot.history"] = history;
}

}  // namespace seatrial::bench
