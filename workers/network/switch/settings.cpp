// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/settings.hpp"

#include <net/if.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/model/json.hpp"

namespace seatrial::network {
namespace {

constexpr std::size_t kMostPorts = 64;

std::uint16_t vlan_number(model::Fields& fields, const char* key, std::uint16_t otherwise) {
  std::int64_t number = otherwise;
  fields.optional(key, number);
  if (number >= 1 && number <= 4094) return static_cast<std::uint16_t>(number);
  fields.complain(key, "must be a VLAN number from 1 to 4094");
  return otherwise;
}

Result<> read_port(model::Fields& fields, SwitchSettings::Port& into) {
  auto& io = into.io;
  fields.required("name", io.name).required("kind", io.kind);
  if (io.kind == "stream") {
    fields.required("path", io.path);
    if (io.path.size() > 107)
      fields.complain("path", "is longer than a unix socket's may be (107)");
  } else if (io.kind == "tap" || io.kind == "packet") {
    if (io.kind == "tap") fields.optional("fd", io.fd);
    if (io.fd >= 0)
      fields.optional("interface", io.interface);
    else
      fields.required("interface", io.interface);
    if (io.interface.size() >= IFNAMSIZ)
      fields.complain("interface", "is longer than an interface's name may be (15)");
  } else {
    fields.complain("kind", "must be \"stream\", \"tap\" or \"packet\"");
  }
  CHECK_OK(read_vlan(fields, into.vlan));
  return fields.finish();
}

}  // namespace

Result<> read_vlan(model::Fields& fields, Vlan& into) {
  if (fields.raw("vlan")) into = Vlan{vlan_number(fields, "vlan", 1), false, {}};
  auto trunk = fields.object("trunk");
  if (!trunk) return {};
  into = Vlan{vlan_number(*trunk, "native", 1), true, {}};
  const auto* allowed = trunk->raw("allowed");
  if (!allowed) return trunk->finish();
  if (!allowed->is_array()) trunk->complain("allowed", "must be a list of VLAN numbers");
  for (const auto& one : *allowed) {
    const auto number = one.is_number_integer() ? one.get<std::int64_t>() : 0;
    if (number < 1 || number > 4094)
      trunk->complain("allowed", "must be a list of VLAN numbers from 1 to 4094");
    else
      into.allowed.push_back(static_cast<std::uint16_t>(number));
  }
  return trunk->finish();
}

void read_capture(model::Fields& fields, CaptureSettings& into) {
  std::string file;
  std::int64_t limit = 512;
  fields.required("file", file).optional("limit_mb", limit);
  if (limit < 1 || limit > 1 << 20) fields.complain("limit_mb", "must be from 1 to 1048576");
  into.file = file;
  into.most_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(1, limit)) << 20;
}

void read_seed(model::Fields& fields, std::uint64_t& into) {
  auto seed = static_cast<std::int64_t>(into);
  fields.optional("seed", seed);
  into = static_cast<std::uint64_t>(seed);
}

Result<SwitchSettings> read_switch_settings(std::string text, std::string name) {
  TRY(const auto document, model::Document::parse(std::move(text), std::move(name)));
  SwitchSettings settings;
  model::Fields fields(document);
  std::string control;
  fields.required("control", control);
  settings.control = control;
  read_seed(fields, settings.seed);
  if (auto capture = fields.object("capture")) {
    read_capture(*capture, settings.capture);
    CHECK_OK(capture->finish());
  }
  std::set<std::string> names;
  for (auto& object : fields.objects("ports", true)) {
    auto& port = settings.ports.emplace_back();
    CHECK_OK(read_port(object, port));
    if (!names.insert(port.io.name).second)
      CHECK_OK(object.complain("name", "is that of another port already").finish());
  }
  if (settings.ports.size() > kMostPorts) fields.complain("ports", "are too many: 64 is the limit");
  CHECK_OK(fields.finish());
  return settings;
}

}  // namespace seatrial::network
