// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/base/ids.hpp"
#include "core/io/file.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// A query string of the control API; values are plain words, numbers and globs.
std::string query_of(const json& arguments, std::initializer_list<const char*> keys) {
  std::string query;
  for (const char* key : keys) {
    const auto it = arguments.find(key);
    if (it == arguments.end()) continue;
    std::string value = it->is_string() ? it->get<std::string>() : it->dump();
    std::string escaped;
    for (const char c : value)
      if (std::isalnum(static_cast<unsigned char>(c)) || std::strchr("-._~/*", c))
        escaped += c;
      else
        escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    query += (query.empty() ? "?" : "&") + std::string(key) + "=" + escaped;
  }
  return query;
}

/// The stand-in says which number the next request will get; `since` leaves out its own number.
long go_on_from(const json& answer) { return std::max(0L, answer.value("next", 1L) - 1); }

Task<Result<json>> endpoint(Bench& bench, json) {
  co_return json{{"url", "http://" + bench.api_host()},
                 {"https", "https://" + bench.api_host()},
                 {"ca", bench.cloud().ca_pem()},
                 {"application", bench.cloud().application()},
                 {"provisioning_key", bench.cloud().provisioning_key()}};
}

Task<Result<json>> requests(Bench& bench, json arguments) {
  const auto path =
      "/_seatrial/requests" + query_of(arguments, {"since", "method", "path", "status"});
  CO_TRY(auto answer, co_await bench.cloud().control("GET", path, nullptr, 20s));
  co_return json{{"requests", answer.value("requests", json::array())},
                 {"next", go_on_from(answer)}};
}

Task<Result<json>> wait(Bench& bench, json arguments) {
  const Duration span = bench.span_or(arguments, bench.parts().device.budgets.provisioning);
  const auto count = arguments.value("count", std::size_t{1});
  arguments["count"] = count;
  arguments["wait"] = static_cast<long>(seconds(span)) + 1;
  const auto path = "/_seatrial/requests" +
                    query_of(arguments, {"since", "method", "path", "status", "count", "wait"});
  CO_TRY(auto answer, co_await bench.cloud().control("GET", path, nullptr, span + 10s));
  auto seen = answer.value("requests", json::array());
  if (seen.size() < count)
    co_return Failure(
        "cloud.not_seen", Blame::product,
        fmt::format("the device API saw {} of {} requests {} {}{} within {}", seen.size(), count,
                    arguments.value("method", "of any method to"), arguments.value("path", ""),
                    arguments.contains("status")
                        ? fmt::format(" answered {}", arguments["status"].dump())
                        : "",
                    human_duration(span)),
        "see cloud.jsonl for what the device asked, and the device's journal for why");
  co_return json{{"requests", std::move(seen)}, {"next", go_on_from(answer)}};
}

Task<Result<json>> devices(Bench& bench, json) {
  CO_TRY(auto answer, co_await bench.cloud().control("GET", "/_seatrial/devices", nullptr, 20s));
  co_return json{{"devices", answer.is_array() ? answer : answer.value("devices", json::array())}};
}

Task<Result<json>> add_device(Bench& bench, json arguments) {
  json device = arguments.at("device");
  CO_TRY(auto answer,
         co_await bench.cloud().control("POST", "/_seatrial/devices", std::move(device), 20s));
  co_return json{{"device", std::move(answer)}};
}

Task<Result<json>> fault(Bench& bench, json arguments) {
  json rule = arguments.at("rule");
  CO_TRY(auto answer,
         co_await bench.cloud().control("POST", "/_seatrial/faults", std::move(rule), 20s));
  const auto ids = answer.value("ids", json::array());
  co_return json{{"id", ids.empty() ? json(0) : ids.at(0)}};
}

Task<Result<json>> clear_faults(Bench& bench, json) {
  CO_TRY(auto answer, co_await bench.cloud().control("DELETE", "/_seatrial/faults", nullptr, 20s));
  (void)answer;
  co_return json::object();
}

/// A damaged copy beside the good file; made once per run and kind.
Result<std::string> damaged_copy(const fs::path& files, const std::string& name,
                                 const fs::path& good, const std::string& damage) {
  const std::string copy = name + "." + damage;
  std::error_code error;
  if (fs::exists(files / copy, error)) return copy;
  fs::copy_file(good, files / copy, error);
  if (error) return io::file_failure("copy to", files / copy, error.value());
  const auto size = fs::file_size(files / copy, error);
  if (damage == "truncated") {
    fs::resize_file(files / copy, size * 2 / 3, error);
    if (error) return io::file_failure("truncate", files / copy, error.value());
    return copy;
  }
  const io::UniqueFd fd(::open((files / copy).c_str(), O_RDWR | O_CLOEXEC));
  char byte = 0;
  const auto at = static_cast<off_t>(size / 2);
  if (!fd || ::pread(fd.get(), &byte, 1, at) != 1)
    return io::file_failure("read", files / copy, errno);
  byte = static_cast<char>(byte ^ 0x10);
  if (::pwrite(fd.get(), &byte, 1, at) != 1) return io::file_failure("write", files / copy, errno);
  return copy;
}

Task<Result<json>> image_url(Bench& bench, json arguments) {
  const auto role = arguments.at("role").get<std::string>();
  const auto damage = arguments.value("damage", "");
  const auto& files = bench.parts().plan.files;
  const auto it = files.find(role);
  if (it == files.end())
    co_return Failure("image.not_in_run", Blame::suite,
                      "this run has no image or bundle for the role " + role,
                      "declare it in the case: images(\"" + role + "\")");
  if (!damage.empty() && damage != "truncated" && damage != "corrupt")
    co_return Failure("image.damage", Blame::suite, "unknown damage " + damage,
                      "use truncated or corrupt");
  const fs::path folder = fs::path(bench.parts().plan.out) / "files";
  std::string name = role + ".tar";
  if (!damage.empty()) {
    CO_TRY(name, damaged_copy(folder, name, it->second.path, damage));
  }
  co_return json{{"url", fmt::format("http://{}/files/{}", bench.api_host(), name)},
                 {"version", it->second.version},
                 {"digest", it->second.digest}};
}

}  // namespace

void add_cloud_verbs(HandlerTable& table) {
  table["cloud.endpoint"] = endpoint;
  table["cloud.requests"] = requests;
  table["cloud.wait"] = wait;
  table["cloud.devices"] = devices;
  table["cloud.add_device"] = add_device;
  table["cloud.fault"] = fault;
  table["cloud.clear_faults"] = clear_faults;
  table["image.url"] = image_url;
}

}  // namespace seatrial::bench
