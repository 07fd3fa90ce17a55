// SPDX-License-Identifier: Apache-2.0
#pragma once
// An OS family as data: devices/profiles/<name>/profile.json. Names, paths, units and limits that a
// case needs, so that a second family is a second file (and, where it must behave differently, one
// small adapter in workers/dut). A case asks `bench.profile().path("state")`, never "/mnt/state".
// What this OS has otherwise than a device type says (partitions, loader, prompt, image) overrides
// it: layout().

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/device_type.hpp"

namespace seatrial::model {

struct OsProfile {
  std::string name;
  std::string adapter;  ///< code that knows how this family updates and commits
  std::map<std::string, std::string> paths;     ///< "state": "/mnt/state", ...
  std::map<std::string, std::string> units;     ///< "engine": "balena.service", ...
  std::vector<std::string> expected_active;     ///< units that must be active once booted
  std::map<std::string, double> limits;         ///< "journal_volatile_mb": 8, ...
  std::map<std::string, std::string> commands;  ///< "update": "hostapp-update -f {bundle}", ...
  std::map<std::string, std::string> messages;  ///< journal lines the contract promises
  std::map<std::string, std::string> names;     ///< of files and loader variables it promises
  std::vector<std::string> os_release_fields;
  std::vector<std::string> capabilities;  ///< what the OS offers to cases: "ab_slots", "cloud"
  int ssh_port = 22222;
  int supervisor_port = 48484;
  std::string login_user = "root";

  struct Layout {  ///< overrides; what is absent is the device type's
    std::optional<std::string> image;
    std::optional<std::vector<DeviceType::Partition>> partitions;
    std::optional<std::string> loader_kind, loader_environment, loader_line;
    std::optional<int> attempt_limit;
    std::optional<std::string> login_prompt, first_line;
  } layout;

  std::filesystem::path file;
  std::string digest;
};

Result<OsProfile> load_os_profile(const std::filesystem::path& profile_json);

/// The device as it is with this OS on it: the profile's overrides applied, the capabilities of
/// both. Whoever loads both asks this, once; nobody else needs to know which said what.
DeviceType layout(DeviceType device, const OsProfile& profile);

}  // namespace seatrial::model
