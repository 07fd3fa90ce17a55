// SPDX-License-Identifier: Apache-2.0
#include "core/model/os_profile.hpp"

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

}  // namespace

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
  fields.optional("expected_active", profile.expected_active)
      .optional("os_release_fields", profile.os_release_fields);
  if (const auto* limits = fields.raw("limits"); limits && limits->is_object())
    for (const auto& [name, value] : limits->items()) {
      if (value.is_number())
        profile.limits[name] = value.get<double>();
      else
        fields.complain("limits", "must be an object of numbers");
    }
  fields.optional("ssh_port", profile.ssh_port)
      .optional("supervisor_port", profile.supervisor_port);
  fields.optional("login_user", profile.login_user);
  CHECK_OK(fields.finish());
  return profile;
}

}  // namespace seatrial::model
