// SPDX-License-Identifier: Apache-2.0
// Requests as the device API stand-in gets them: target, key, body; and the addresses that people
// write. A request is "METHOD TARGET", then the body.
#include <nlohmann/json.hpp>

#include "core/model/foreign_json.hpp"
#include "fixtures/cloud/routes.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace seatrial::fuzz {
namespace {

const std::string kUuid(32, 'a'), kKey(32, 'b');

cloud::CloudState fresh_state() {
  cloud::CloudState state;
  state.user_tokens.push_back("user");
  state.add_device(kUuid, state.applications.front().id, "generic-amd64", kKey, Duration(1));
  return state;
}

void ask(cloud::CloudState& state, std::string_view method, std::string_view target,
         std::string_view body) {
  cloud::Call call;
  call.request.method = method;
  call.request.target = target;
  io::split_target(call.request);
  call.body = body;
  if (auto json = model::parse_foreign(body); !json.is_discarded())
    call.json = cloud::JsonBox(std::move(json));
  std::string said = call.request.method + call.request.target + call.request.path + call.body;
  if (call.json)
    said += (**call.json).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (const std::string& key : {std::string(), kKey, std::string("user")}) {
    if (!key.empty()) call.request.headers.set("Authorization", "Bearer " + key);
    call.who = state.principal(cloud::presented_key(call.request));
    const auto reply = cloud::answer(state, call);
    check(reply.status >= 100 && reply.status < 600, "a status that is none");
    for (const auto& [name, value] : reply.headers.all())
      check(io::http_safe(name) && io::http_safe(value), "a header that would split the answer");
    // What the request said may come back.
    check(reply.body.find(kKey) == std::string::npos || said.find(kKey) != said.npos,
          "an answer tells a device's key");
  }
}

void addresses(std::string_view text) {
  check(io::url_decode(io::url_encode(text), true) == text, "encoding changed the text");
  if (const auto endpoint = io::HttpEndpoint::parse(text)) {
    const auto again = io::HttpEndpoint::parse(endpoint->text());
    check(again.has_value() && again->text() == endpoint->text(), "an address changed");
  }
  if (const auto url = io::HttpUrl::parse(text))
    check(url->target.starts_with('/') && io::http_safe(url->target.substr(0, 1)), "a bad target");
}

void run(std::string_view bytes) {
  const auto line = bytes.substr(0, bytes.find('\n'));
  addresses(line);
  const auto space = std::min(line.find(' '), line.size());
  auto state = fresh_state();
  const auto target = line.substr(std::min(space + 1, line.size()));
  ask(state, line.substr(0, space), target, bytes.substr(std::min(line.size() + 1, bytes.size())));
  const auto saved = state.to_json();
  check(cloud::CloudState::from_json(saved).has_value(), "the state cannot be saved any more");
}

const std::string kDevice = "/device/v2/" + kUuid;

const Registration registration(
    {"http_router",
     run,
     {"POST /device/register?apikey=seatrial-provisioning-key-000000\n"
      R"({"uuid":"cccccccccccccccccccccccccccccccc","api_key":"dddddddddddddddddddddddddddddddd","application":1,"device_type":"generic-amd64","user":1})",
      "GET /device/v3/" + kUuid + "/state\n", "GET " + kDevice + "/state\n",
      "PATCH /device/v3/state\n{\"" + kUuid +
          R"(":{"name":"x","apps":{"a":{"releases":{}}},"cpu_usage":5,"is_online":true}})",
      "PATCH " + kDevice + "/state\n{\"local\":{\"os_version\":\"x\",\"mac_address\":\"y\"}}",
      "POST " + kDevice +
          "/logs\n[{\"message\":\"m\",\"timestamp\":1700000000000,\"isSystem\":true}]",
      "GET /v7/device?$filter=uuid%20eq%20'" + kUuid + "'&$select=id,uuid\n",
      "PATCH /v6/device(uuid='" + kUuid + "')\n{\"is_online\":false}", "GET /os/v1/config\n",
      "GET /connectivity-check\n",
      "POST /api-key/device/1/device-key\n{\"apiKey\":\"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"}",
      "https://[::1]:443/x?y\n", "http+unix:/x.sock:/y\n", "unix:/run/x.sock\n", "127.0.0.1:80\n"},
     {"%",
      "%00",
      "%2f",
      "..",
      "?",
      "&",
      "=",
      "'",
      "(",
      ")",
      "$filter=",
      "/v7/",
      "HEAD ",
      "PATCH ",
      "null",
      "[]",
      "{}",
      "1e999",
      "-1",
      kUuid,
      "\r\n",
      "\"apps\":",
      "99999999999999999999"},
     6000});

}  // namespace
}  // namespace seatrial::fuzz
