// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/parts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "suites/kit/caller.hpp"
#include "suites/kit/convert.hpp"
#include "suites/kit/failure.hpp"

namespace seatrial::kit {
using nlohmann::json;

std::vector<Partition> Disk::partitions() const {
  std::vector<Partition> all;
  for (const auto& item : caller_->call("disk.partitions")["partitions"].items())
    all.push_back({static_cast<int>(item["number"].whole()), item["label"].text(),
                   item["filesystem"].text(), item["start"].whole(), item["size"].whole()});
  return all;
}

namespace {

/// A file that a case reads from the disk is one that the OS must have kept: who has lost it is the
/// product, and nobody else can know that.
[[noreturn]] void lost(const BenchFailure& thrown) {
  const auto& failure = thrown.failure();
  if (failure.code() != "disk.no_such_file") throw thrown;
  throw BenchFailure(
      Failure(failure.code(), Blame::product, failure.what() + "; it is gone", failure.advice()));
}

}  // namespace

std::string Disk::read(std::string_view partition, std::string_view path) const {
  try {
    return to_content(caller_->call("disk.read", {{"partition", partition}, {"path", path}}));
  } catch (const BenchFailure& failure) {
    lost(failure);
  }
}

std::vector<std::string> Disk::list(std::string_view partition, std::string_view path) const {
  return caller_->call("disk.list", {{"partition", partition}, {"path", path}})["names"].texts();
}

bool Disk::has(std::string_view partition, std::string_view folder, std::string_view name) const {
  const auto names = list(partition, folder);
  return std::find(names.begin(), names.end(), name) != names.end();
}

Value Disk::config() const { return Value::parse(read("boot", "config.json")); }

UpdateState Disk::loader() const {
  UpdateState state;
  try {
    state.variables = caller_->call("disk.environment")["variables"];
  } catch (const BenchFailure& failure) {
    lost(failure);
  }
  return state;
}

std::int64_t Disk::environment_bytes() const {
  return caller_->call("disk.environment")["bytes"].whole();
}

std::vector<std::int64_t> Disk::search(std::string_view partition, std::string_view text) const {
  std::vector<std::int64_t> offsets;
  const auto reply = caller_->call("disk.search", {{"partition", partition}, {"text", text}});
  for (const auto& item : reply["offsets"].items()) offsets.push_back(item.whole());
  return offsets;
}

namespace {

ConsoleMatch to_match(const Value& value) {
  return {static_cast<int>(value["index"].whole()),
          value["text"].text(),
          value["groups"].texts(),
          value["offset"].whole(),
          value["end"].whole(),
          Seconds(value["at"].number())};
}

}  // namespace

ConsoleMatch Console::expect(const std::string& pattern, Within budget) const {
  return expect(std::vector<std::string>{pattern}, budget);
}

ConsoleMatch Console::expect(const std::vector<std::string>& patterns, Within budget) const {
  return to_match(caller_->call("console.expect", {{"patterns", patterns}}, budget));
}

ConsoleMatch Console::expect_from(std::int64_t offset, const std::string& pattern,
                                  Within budget) const {
  return to_match(caller_->call("console.expect",
                                {{"patterns", json::array({pattern})}, {"from", offset}}, budget));
}

std::int64_t Console::mark(std::string_view text) const {
  return caller_->call("console.mark", {{"text", text}})["offset"].whole();
}

std::string Console::read(std::int64_t from) const {
  return caller_->call("console.read", {{"from", from}})["text"].text();
}

std::vector<std::string> Console::tail(int lines) const {
  return caller_->call("console.tail", {{"lines", lines}})["lines"].texts();
}

void Console::login(Within budget) const { caller_->call("console.login", json::object(), budget); }

CommandResult Console::run(const std::string& command, Within budget) const {
  return to_command(command, caller_->call("console.run", {{"command", command}}, budget));
}

std::vector<ConsoleAlarm> Console::alarms() const {
  std::vector<ConsoleAlarm> all;
  for (const auto& hit : caller_->call("console.sentinels")["hits"].items())
    all.push_back({hit["id"].text(), hit["severity"].text(), hit["line"].text(),
                   hit["offset"].whole(), hit["allowed"].truth()});
  return all;
}

void Console::allow(const std::vector<std::string>& sentinels) const {
  caller_->call("console.allow", {{"ids", sentinels}});
}

Cloud::Endpoint Cloud::endpoint() const {
  const auto reply = caller_->call("cloud.endpoint");
  return {reply["url"].text(), reply["https"].text(), reply["ca"].text(),
          reply["provisioning_key"].text(), reply["application"].whole()};
}

std::int64_t Cloud::mark() const {
  // Of a kind nobody sends, so that the reply is small.
  return caller_->call("cloud.requests", {{"method", "NONE"}})["next"].whole();
}

namespace {

std::vector<ApiRequest> to_requests(const Value& reply) {
  std::vector<ApiRequest> all;
  for (const auto& entry : reply["requests"].items()) all.push_back(to_request(entry));
  return all;
}

}  // namespace

std::vector<ApiRequest> Cloud::requests(std::int64_t since, const std::string& method,
                                        const std::string& path) const {
  json args{{"since", since}};
  if (!method.empty()) args["method"] = method;
  if (!path.empty()) args["path"] = path;
  return to_requests(caller_->call("cloud.requests", std::move(args)));
}

std::vector<ApiRequest> Cloud::wait(std::int64_t since, const std::string& method,
                                    const std::string& path, Within budget, int count,
                                    int status) const {
  json args{{"since", since}, {"path", path}, {"count", count}};
  if (!method.empty()) args["method"] = method;
  if (status != 0) args["status"] = status;
  return to_requests(caller_->call("cloud.wait", std::move(args), budget));
}

std::vector<Value> Cloud::devices() const {
  return caller_->call("cloud.devices")["devices"].items();
}

Value Cloud::device(std::string_view uuid) const {
  for (const auto& device : devices())
    if (device["uuid"].text() == uuid) return device;
  return {};
}

Value Cloud::add_device(std::string_view uuid, std::string_view api_key) const {
  json device{{"uuid", uuid}};
  if (!api_key.empty()) device["api_key"] = api_key;
  return caller_->call("cloud.add_device", {{"device", device}})["device"];
}

void Cloud::misbehave(const Fault& fault) const {
  caller_->call("cloud.fault", {{"rule", json::parse(fault.rule().dump())}});
}

void Cloud::behave() const { caller_->call("cloud.clear_faults"); }

Network::Plan Network::plan() const {
  const auto reply = caller_->call("network.plan");
  return {static_cast<int>(reply["prefix"].whole()), reply["gateway"].text(), reply["dns"].text(),
          reply["dhcp"].text(), reply["free"].texts()};
}

void Network::wait_for_name(std::string_view name, Within budget) const {
  caller_->call("network.wait_name", {{"name", name}}, budget);
}

Observed Network::observed(Seconds since) const {
  const auto reply = caller_->call("network.observed", {{"since", since.count()}});
  Observed seen;
  for (const auto& item : reply["dhcp"].items())
    seen.dhcp.push_back({item["type"].text(), item["mac"].text(), item["hostname"].text(),
                         item["address"].text(), item["gateway"].text(), item["dns"].texts()});
  seen.sources = reply["sources"].texts();
  seen.mdns = reply["mdns"].texts();
  return seen;
}

void Network::follow(std::string_view address) const {
  caller_->call("network.follow", {{"address", address}});
}

}  // namespace seatrial::kit
