// SPDX-License-Identifier: Apache-2.0
#include "core/model/os_profile.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/model/json.hpp"

namespace seatrial::model {
namespace {

void read_map(Fields& fields, const char* key, std::map<std::string, std::string>& into) {
  const auto* value = fields.raw(key);
  if (!value) return;
  if (!value->is_object())
    fields.complain(key, "must be an object of texts");
  else
    for (const auto& [name, entry] : value->items()) {
      if (entry.is_string())
        into[name] = entry.get<std::string>();
      else
        fields.complain(key, "must be an object of texts");
    }
}

void read_limits(Fields& fields, std::map<std::string, double>& into) {
  const auto* value = fields.raw("limits");
  if (!value) return;
  if (!value->is_object()) fields.complain("limits", "must be an object of numbers");
  for (const auto& [name, entry] : value->items()) {
    if (entry.is_number())
      into[name] = entry.get<double>();
    else
      fields.complain("limits", "must be an object of numbers");
  }
}

template <class T>
void read_override(Fields& fields, const char* key, std::optional<T>& into) {
  T value{};
  fields.optional(key, value);
  if (fields.raw(key)) into = std::move(value);
}

Result<> read_layout(Fields& fields, OsProfile::Layout& into) {
  read_override(fields, "image", into.image);
  TRY(auto partitions, read_partitions(fields, false));
  if (fields.raw("partitions")) into.partitions = std::move(partitions);
  if (auto loader = fields.object("boot_loader")) {
    read_override(*loader, "kind", into.loader_kind);
    read_override(*loader, "attempt_limit", into.attempt_limit);
    read_override(*loader, "environment", into.loader_environment);
    read_override(*loader, "line", into.loader_line);
    CHECK_OK(loader->finish());
  }
  if (auto console = fields.object("console")) {
    read_override(*console, "login_prompt", into.login_prompt);
    read_override(*console, "first_line", into.first_line);
    CHECK_OK(console->finish());
  }
  return {};
}

template <class T>
void override_with(const std::optional<T>& value, T& into) {
  if (value) into = *value;
}

}  // namespace

DeviceType layout(DeviceType device, const OsProfile& profile) {
  const auto& own = profile.layout;
  override_with(own.image, device.image);
  override_with(own.partitions, device.partitions);
  override_with(own.loader_kind, device.boot_loader.kind);
  override_with(own.attempt_limit, device.boot_loader.attempt_limit);
  override_with(own.loader_environment, device.boot_loader.environment);
  override_with(own.loader_line, device.boot_loader.line);
  override_with(own.login_prompt, device.console.login_prompt);
  override_with(own.first_line, device.console.first_line);
  auto& offered = device.capabilities;
  for (const auto& capability : profile.capabilities)
    if (std::find(offered.begin(), offered.end(), capability) == offered.end())
      offered.push_back(capability);
  return device;
}

Result<OsProfile> load_os_profile(const std::filesystem::path& path) {
  TRY(const auto document, Document::load(path));
  OsProfile profile;
  profile.file = path;
  Fields fields(document);
  fields.required("name", profile.name).required("adapter", profile.adapter);
  read_map(fields, "paths", profile.paths);
  read_map(fields, "units", profile.units);
  read_map(fields, "commands", profile.commands);
  read_map(fields, "messages", profile.messages);
  read_map(fields, "names", profile.names);
  fields.optional("expected_active", profile.expected_active)
      .optional("os_release_fields", profile.os_release_fields);
  read_limits(fields, profile.limits);
  fields.optional("ssh_port", profile.ssh_port)
      .optional("supervisor_port", profile.supervisor_port);
  fields.optional("login_user", profile.login_user).optional("capabilities", profile.capabilities);
  CHECK_OK(read_layout(fields, profile.layout));
  CHECK_OK(fields.finish());
  return profile;
}

}  // namespace seatrial::model
