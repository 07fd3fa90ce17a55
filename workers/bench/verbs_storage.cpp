// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "workers/bench/bench.hpp"
#include "workers/bench/content.hpp"
#include "workers/bench/handlers.hpp"
#include "workers/bench/on_medium.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

Task<Result<json>> flash(Bench& bench, json arguments) {
  CO_TRY(const auto receipt, co_await bench.flash(arguments.value("role", ""), {}));
  co_return json{{"digest", receipt.image_digest}, {"seconds", receipt.seconds}};
}

Task<Result<json>> configure(Bench& bench, json arguments) {
  CO_TRY(auto config,
         co_await bench.configure_offline(arguments.value("set", json::object()),
                                          arguments.value("remove", std::vector<std::string>{})));
  co_return json{{"config", std::move(config)}};
}

Task<Result<json>> write(Bench& bench, json arguments) {
  std::function<Result<json>(const flash::Medium&)> work =
      [arguments = std::move(arguments)](const flash::Medium& medium) -> Result<json> {
    TRY(const auto content, bytes_of(arguments, "content", "base64"));
    CHECK_OK(medium.write(arguments.at("partition").get<std::string>(),
                          arguments.at("path").get<std::string>(), content));
    return json::object();
  };
  co_return co_await on_medium(bench, std::move(work));
}

}  // namespace

void add_storage_verbs(HandlerTable& table) {
  table["storage.flash"] = flash;
  table["storage.configure"] = configure;
  table["storage.write"] = write;
}

}  // namespace seatrial::bench
