// SPDX-License-Identifier: Apache-2.0
#pragma once
// Finds device types and OS profiles: devices/<slug>/device.json and
// devices/profiles/<name>/profile.json below one folder. An unknown name is answered with the
// nearest known ones.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/device_type.hpp"
#include "core/model/os_profile.hpp"

namespace seatrial::devices {

class Catalog {
 public:
  /// `root` is the devices folder.
  explicit Catalog(std::filesystem::path root) : root_(std::move(root)) {}

  std::vector<std::string> slugs() const;
  std::vector<std::string> profile_names() const;
  /// By slug or alias.
  Result<model::DeviceType> device(const std::string& slug) const;
  Result<model::OsProfile> profile(const std::string& name) const;

 private:
  std::filesystem::path root_;
};

}  // namespace seatrial::devices
