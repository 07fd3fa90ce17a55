// SPDX-License-Identifier: Apache-2.0
#pragma once
// The variables a boot loader keeps on the boot partition, by the loader's kind (device.json,
// boot_loader.kind). One reader for the medium of a DUT that is off and for the file read through a
// shell.

#include <map>
#include <string>

#include "core/base/result.hpp"

namespace seatrial::disk {

/// Fails with "disk.environment" for a kind of loader that has no reader here.
Result<std::map<std::string, std::string>> parse_boot_environment(const std::string& loader_kind,
                                                                  const std::string& content);

}  // namespace seatrial::disk
