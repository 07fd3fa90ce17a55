// SPDX-License-Identifier: Apache-2.0
#pragma once
// Medium: the disk of a DUT that is off, seen without its OS: the outside observer that cannot be
// fooled by what the OS says about itself. Partitions are named by role ("boot", "state") or label
// ("resin-boot"). Blocking: from a coroutine call it aside().

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/device_type.hpp"
#include "workers/drivers/storage/storage.hpp"

namespace seatrial::flash {

class Medium {
 public:
  /// `disk`: as drivers::Storage::offline() gives it.
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
  /// The boot loader's environment file, as it is, and its variables.
  struct Environment {
    std::size_t bytes = 0;
    std::map<std::string, std::string> variables;
  };
  Result<Environment> environment() const;
  /// Makes the edit; the new content of the file.
  Result<std::string> apply(const drivers::FileEdit& edit) const;

 private:
  std::filesystem::path disk_;
  model::DeviceType device_;
};

}  // namespace seatrial::flash
