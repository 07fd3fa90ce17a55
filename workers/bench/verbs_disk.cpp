// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "core/model/protocol_bytes.hpp"
#include "workers/bench/content.hpp"
#include "workers/bench/handlers.hpp"
#include "workers/bench/on_medium.hpp"

namespace seatrial::bench {
namespace {
using flash::Medium;
using nlohmann::json;
using Work = std::function<Result<json>(const Medium&)>;

Task<Result<json>> partitions(Bench& bench, json) {
  Work work = [](const Medium& medium) -> Result<json> {
    TRY(auto list, medium.partitions());
    return model::readable({{"partitions", std::move(list)}});
  };
  co_return co_await on_medium(bench, std::move(work));
}

Task<Result<json>> read(Bench& bench, json arguments) {
  Work work = [arguments = std::move(arguments)](const Medium& medium) -> Result<json> {
    TRY(auto content, medium.read(arguments.at("partition").get<std::string>(),
                                  arguments.at("path").get<std::string>()));
    return content_json(std::move(content));
  };
  co_return co_await on_medium(bench, std::move(work));
}

Task<Result<json>> list(Bench& bench, json arguments) {
  Work work = [arguments = std::move(arguments)](const Medium& medium) -> Result<json> {
    TRY(auto names, medium.list(arguments.at("partition").get<std::string>(),
                                arguments.at("path").get<std::string>()));
    return json{{"names", names}};
  };
  co_return co_await on_medium(bench, std::move(work));
}

Task<Result<json>> environment(Bench& bench, json) {
  Work work = [](const Medium& medium) -> Result<json> {
    TRY(const auto environment, medium.environment());
    return model::readable({{"variables", environment.variables}, {"bytes", environment.bytes}});
  };
  co_return co_await on_medium(bench, std::move(work));
}

Task<Result<json>> search(Bench& bench, json arguments) {
  Work work = [arguments = std::move(arguments)](const Medium& medium) -> Result<json> {
    TRY(auto offsets, medium.search(arguments.at("partition").get<std::string>(),
                                    arguments.at("text").get<std::string>()));
    return json{{"offsets", offsets}};
  };
  co_return co_await on_medium(bench, std::move(work));
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
