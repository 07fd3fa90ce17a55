// SPDX-License-Identifier: Apache-2.0
#pragma once
// What can be read from a disk image without booting it: for `seatrial image inspect`.

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::cli {

struct SeenPartition {
  int number = 0;
  std::string name, type, filesystem, label;
  std::uint64_t start = 0, size = 0;
};

struct SeenImage {
  std::string path, format, scheme, digest;
  std::uint64_t size = 0;
  std::vector<SeenPartition> partitions;
  int boot_partition = 0;
  std::vector<std::string> boot_files;
  std::string device_type;                ///< slug, from device-type.json; "" unknown
  std::string config;                     ///< config.json, secrets masked
  std::map<std::string, std::string> os;  ///< os-release, when a root file system can be read
};

Result<SeenImage> inspect_image(const std::string& path);
nlohmann::json to_json(const SeenImage& seen);
std::string to_text(const SeenImage& seen);

}  // namespace seatrial::cli
