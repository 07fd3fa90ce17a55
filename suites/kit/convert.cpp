// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/convert.hpp"

#include <array>

namespace seatrial::kit {
namespace {

std::string from_base64(const std::string& text) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) continue;  // padding, line breaks
    bits = (bits << 6) | static_cast<unsigned>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>((bits >> held) & 0xff));
  }
  return bytes;
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
  return {command, static_cast<int>(value["exit"].whole(-1)), value["out"].text(),
          value["err"].text(), Seconds(value["seconds"].number())};
}

std::string to_content(const Value& value) {
  const auto content = value["content"].text();
  return value["base64"].truth() ? from_base64(content) : content;
}

}  // namespace seatrial::kit
