// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "workers/bench/bench.hpp"
#include "workers/bench/content.hpp"
#include "workers/bench/handlers.hpp"
#include "workers/bench/medium.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

Task<Result<json>> partitions(Bench& bench, json) {
  CO_TRY(const auto medium, co_await open_medium(bench));
  CO_TRY(auto list, medium.partitions());
  co_return json{{"partitions", std::move(list)}};
}

Task<Result<json>> read(Bench& bench, json arguments) {
  CO_TRY(const auto medium, co_await open_medium(bench));
  CO_TRY(auto content, medium.read(arguments.at("partition").get<std::string>(),
                                   arguments.at("path").get<std::string>()));
  co_return content_json(std::move(content));
}

Task<Result<json>> list(Bench& bench, json arguments) {
  CO_TRY(const auto medium, co_await open_medium(bench));
  CO_TRY(auto names, medium.list(arguments.at("partition").get<std::string>(),
                                 arguments.at("path").get<std::string>()));
  co_return json{{"names", names}};
}

Task<Result<json>> environment(Bench& bench, json) {
  CO_TRY(const auto medium, co_await open_medium(bench));
  CO_TRY(auto content, medium.read("boot", "/" + bench.parts().device.boot_loader.environment));
  CO_TRY(const auto variables, medium.environment(content));
  co_return json{{"variables", variables}, {"bytes", content.size()}};
}

Task<Result<json>> search(Bench& bench, json arguments) {
  CO_TRY(const auto medium, co_await open_medium(bench));
  CO_TRY(auto offsets, medium.search(arguments.at("partition").get<std::string>(),
                                     arguments.at("text").get<std::string>()));
  co_return json{{"offsets", offsets}};
}

}  // namespace

void add_disk_verbs(HandlerTable& table) {
  table["disk.partitions"] = partitions;
  table["disk.read"] = read;
  table["disk.list"] = list;
  table["disk.environment"] = environment;
  table["disk.search"] = search;
}

}  // namespace seatrial::bench
