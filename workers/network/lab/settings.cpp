// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/settings.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/model/json.hpp"

namespace seatrial::network {
using nlohmann::json;

namespace {

constexpr int kFirstFixed = 50;
constexpr std::size_t kMostNics = 16, kMostSegments = 16, kLongestInterface = 13;

std::size_t number_of(const LabSettings& settings, const LabNic& nic) {
  std::size_t number = 0;
  for (const auto& one : settings.nics) {
    if (one.name == nic.name) break;
    ++number;
  }
  return number;
}

bool is_address(int family, const std::string& text) {
  unsigned char scratch[16];
  return ::inet_pton(family, text.c_str(), scratch) == 1;
}

void read_path(model::Fields& fields, const char* key, std::filesystem::path& into) {
  std::string text;
  fields.required(key, text);
  into = text;
}

void read_port(model::Fields& fields, const char* key, std::uint16_t& into) {
  std::int64_t port = into;
  fields.optional(key, port);
  if (port < 1 || port > 65535)
    fields.complain(key, "must be from 1 to 65535");
  else
    into = static_cast<std::uint16_t>(port);
}

Result<Segment> read_segment(model::Fields& fields) {
  Segment segment;
  fields.optional("name", segment.name)
      .optional("net4", segment.net4)
      .optional("net6", segment.net6);
  read_port(fields, "vlan", segment.vlan);
  if (segment.name.empty() || segment.name.size() > kLongestInterface)
    fields.complain("name", "must have 1 to 13 characters");
  if (segment.vlan > 4094) fields.complain("vlan", "must be a VLAN number from 1 to 4094");
  if (!segment.net4.empty() && !is_address(AF_INET, segment.lab4()))
    fields.complain("net4", "must be three numbers, such as 10.77.0");
  if (!segment.net6.empty() && !is_address(AF_INET6, segment.lab6()))
    fields.complain("net6", "must be what precedes ':1' in an address, such as 'fd77:'");
  CHECK_OK(fields.finish());
  return segment;
}

Result<LabNic> read_nic(model::Fields& fields) {
  LabNic nic;
  fields.required("name", nic.name)
      .optional("mac", nic.mac)
      .optional("socket", nic.socket)
      .optional("interface", nic.interface)
      .optional("segment", nic.segment);
  if (nic.socket.empty() == nic.interface.empty())
    fields.complain("socket", "or \"interface\" is needed, and not both");
  CHECK_OK(fields.finish());
  return nic;
}

Result<> read_lists(model::Fields& fields, LabSettings& into) {
  if (fields.raw("segments")) into.segments.clear();
  for (auto& object : fields.objects("segments")) {
    TRY(auto segment, read_segment(object));
    into.segments.push_back(std::move(segment));
  }
  for (auto& object : fields.objects("nics")) {
    TRY(auto nic, read_nic(object));
    if (!into.segment(nic.segment))
      CHECK_OK(object.complain("segment", "is the name of none of the segments").finish());
    into.nics.push_back(std::move(nic));
  }
  for (auto& object : fields.objects("relays")) {
    LabRelay relay;
    read_port(object, "port", relay.port);
    object.required("socket", relay.socket);
    CHECK_OK(object.finish());
    into.relays.push_back(std::move(relay));
  }
  if (into.nics.size() > kMostNics) fields.complain("nics", "are too many: 16 is the limit");
  if (into.segments.empty() || into.segments.size() > kMostSegments)
    fields.complain("segments", "must be 1 to 16");
  return {};
}

}  // namespace

const Segment* LabSettings::segment(const std::string& name) const {
  for (const auto& one : segments)
    if (one.name == name) return &one;
  return nullptr;
}

std::string LabSettings::address4(const LabNic& nic) const {
  const auto* where = segment(nic.segment);
  if (!where || where->net4.empty() || nic.mac.empty()) return {};
  return fmt::format("{}.{}", where->net4, kFirstFixed + number_of(*this, nic));
}

std::string LabSettings::address6(const LabNic& nic) const {
  const auto* where = segment(nic.segment);
  if (!where || where->net6.empty() || nic.mac.empty()) return {};
  return fmt::format("{}:{}", where->net6, kFirstFixed + number_of(*this, nic));
}

json to_json(const LabSettings& settings) {
  json out{{"folder", settings.folder.string()},
           {"sockets", settings.sockets.string()},
           {"switch_program", settings.switch_program},
           {"seed", static_cast<std::int64_t>(settings.seed)},
           {"link", settings.link},
           {"segments", json::array()},
           {"nics", json::array()},
           {"relays", json::array()},
           {"names", settings.names}};
  for (const auto& segment : settings.segments)
    out["segments"].push_back({{"name", segment.name},
                               {"vlan", segment.vlan},
                               {"net4", segment.net4},
                               {"net6", segment.net6}});
  for (const auto& nic : settings.nics) {
    json one{{"name", nic.name}, {"mac", nic.mac}, {"segment", nic.segment}};
    one[nic.interface.empty() ? "socket" : "interface"] =
        nic.interface.empty() ? nic.socket : nic.interface;
    out["nics"].push_back(std::move(one));
  }
  for (const auto& relay : settings.relays)
    out["relays"].push_back({{"port", relay.port}, {"socket", relay.socket}});
  return out;
}

Result<LabSettings> read_lab_settings(std::string text, std::string name) {
  TRY(const auto document, model::Document::parse(std::move(text), std::move(name)));
  LabSettings settings;
  model::Fields fields(document);
  read_path(fields, "folder", settings.folder);
  read_path(fields, "sockets", settings.sockets);
  auto seed = static_cast<std::int64_t>(settings.seed);
  fields.required("switch_program", settings.switch_program)
      .optional("seed", seed)
      .optional("link", settings.link);
  settings.seed = static_cast<std::uint64_t>(seed);
  if (settings.link != "auto" && settings.link != "tap" && settings.link != "veth")
    fields.complain("link", "must be \"tap\", \"veth\" or \"auto\"");
  CHECK_OK(read_lists(fields, settings));
  if (auto names = fields.object("names")) {
    for (const auto& [host, addresses] : fields.raw("names")->items())
      names->optional(host.c_str(), settings.names[host]);
    CHECK_OK(names->finish());
  }
  CHECK_OK(fields.finish());
  return settings;
}

}  // namespace seatrial::network
