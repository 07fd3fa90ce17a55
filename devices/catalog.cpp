// SPDX-License-Identifier: Apache-2.0
#include "devices/catalog.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/io/file.hpp"
#include "core/io/hash.hpp"

namespace seatrial::devices {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> folders_with(const fs::path& root, const char* file) {
  std::vector<std::string> names;
  std::error_code missing;  // a folder that is not there holds no entries
  for (const auto& entry : fs::directory_iterator(root, missing))
    if (fs::exists(entry.path() / file)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

Failure unknown(const char* code, const char* what, const std::string& name,
                const std::vector<std::string>& names) {
  const auto hint = did_you_mean(name, names);
  return Failure(
      code, Blame::suite,
      std::string("there is no ") + what + " " + name + (hint.empty() ? "" : "; " + hint),
      "known: " + join(names, ", "));
}

}  // namespace

std::vector<std::string> Catalog::slugs() const { return folders_with(root_, "device.json"); }
std::vector<std::string> Catalog::profile_names() const {
  return folders_with(root_ / "profiles", "profile.json");
}

Result<model::DeviceType> Catalog::device(const std::string& slug) const {
  std::vector<std::string> names;
  for (const auto& known : slugs()) {
    TRY(auto type, model::load_device_type(root_ / known / "device.json"));
    names.push_back(type.slug);
    names.insert(names.end(), type.aliases.begin(), type.aliases.end());
    if (type.slug == slug ||
        std::find(type.aliases.begin(), type.aliases.end(), slug) != type.aliases.end()) {
      TRY(type.digest, io::sha256_file(type.file));
      return type;
    }
  }
  return unknown("device.unknown", "device type", slug, names);
}

Result<model::OsProfile> Catalog::profile(const std::string& name) const {
  const auto names = profile_names();
  if (std::find(names.begin(), names.end(), name) == names.end())
    return unknown("profile.unknown", "OS profile", name, names);
  TRY(auto profile, model::load_os_profile(root_ / "profiles" / name / "profile.json"));
  TRY(profile.digest, io::sha256_file(profile.file));
  return profile;
}

}  // namespace seatrial::devices
