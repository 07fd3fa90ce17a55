// SPDX-License-Identifier: Apache-2.0
#pragma once
// An OS family as data: devices/profiles/<name>/profile.json. Names, paths, units and limits that a
// case needs, so that a second family is a second file (and, where it must behave differently, one
// small adapter in workers/dut). A case asks `bench.profile().path("state")`, never "/mnt/state".

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.hpp"

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
  std::vector<std::string> os_release_fields;
  int ssh_port = 22222;
  int supervisor_port = 48484;
  std::string login_user = "root";

  std::filesystem::path file;
  std::string digest;
};

Result<OsProfile> load_os_profile(const std::filesystem::path& profile_json);

}  // namespace seatrial::model
