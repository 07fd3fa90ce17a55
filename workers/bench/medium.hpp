// SPDX-License-Identifier: Apache-2.0
#pragma once
// Medium: the disk of a DUT that is off, seen without its OS: the outside observer that cannot be
// fooled by what the OS says about itself. Partitions are named by role ("boot", "state") or label
// ("resin-boot"). Blocking; short.

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/model/device_type.hpp"

namespace seatrial::bench {

class Bench;

class Medium {
 public:
  Medium(std::filesystem::path disk, model::DeviceType device)
      : disk_(std::move(disk)), device_(std::move(device)) {}

  Result<nlohmann::json> partitions() const;
  Result<std::string> read(const std::string& partition, const std::string& path) const;
  Result<std::vector<std::string>> list(const std::string& partition,
                                        const std::string& path) const;
  Result<> write(const std::string& partition, const std::string& path,
                 const std::string& content) const;
  Result<std::vector<std::uint64_t>> search(const std::string& partition,
                                            const std::string& text) const;
  /// The variables of a loader's environment file.
  Result<std::map<std::string, std::string>> environment(const std::string& content) const;

 private:
  std::filesystem::path disk_;
  model::DeviceType device_;
};

/// The medium of the bench's DUT; fails with "storage.in_use" while it is on.
Task<Result<Medium>> open_medium(Bench& bench);

}  // namespace seatrial::bench
