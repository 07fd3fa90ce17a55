// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/convert.hpp"

#include <nlohmann/json.hpp>

#include "core/model/protocol_bytes.hpp"
#include "suites/kit/failure.hpp"

namespace seatrial::kit {
namespace {

using nlohmann::json;

std::string bytes_at(const Value& value, const char* name, const char* flag) {
  if (!value[flag].truth()) return value[name].text();
  auto bytes = model::from_base64(value[name].text());
  if (!bytes) throw BenchFailure(bytes.error());
  return std::move(*bytes);
}

}  // namespace

Boot to_boot(const Value& value) {
  Boot boot;
  boot.number = static_cast<int>(value["number"].whole());
  boot.boot_id = value["boot_id"].text();
  boot.slot = Slot(value["slot"].text());
  boot.bootcount = static_cast<int>(value["bootcount"].whole());
  boot.reason = value["reason"].text();
  boot.os_version = value["os_version"].text();
  boot.at = Seconds(value["at"].number());
  boot.console_offset = value["console_offset"].whole();
  boot.seconds_to_login = value["seconds_to_login"].number();
  return boot;
}

ApiRequest to_request(const Value& entry) {
  ApiRequest request;
  request.seq = entry["seq"].whole();
  request.method = entry["method"].text();
  request.path = entry["path"].text();
  request.status = static_cast<int>(entry["status"].whole());
  request.auth_kind = entry["auth"]["kind"].text();
  request.key = entry["auth"]["fingerprint"].text();
  request.headers = entry["headers"];
  request.body = entry["body"];
  request.arrived = Seconds(entry["arrived_ns"].number() / 1e9);
  request.took = Seconds(entry["duration_ms"].number() / 1e3);
  request.client_left = entry["client_dropped"].truth();
  return request;
}

CommandResult to_command(const std::string& command, const Value& value) {
  CommandResult result{command, static_cast<int>(value["exit"].whole(-1)),
                       bytes_at(value, "out", "out_base64"), bytes_at(value, "err", "err_base64"),
                       Seconds(value["seconds"].number())};
  result.out_dropped = value["out_dropped"].whole();
  result.err_dropped = value["err_dropped"].whole();
  return result;
}

std::string to_content(const Value& value) { return bytes_at(value, "content", "base64"); }

void add_content(json& args, std::string_view content) {
  const bool text = model::is_text(content);
  args["content"] = text ? std::string(content) : model::to_base64(content);
  if (!text) args["base64"] = true;  // left out for text: an older bench host does not know it
}

}  // namespace seatrial::kit
