// SPDX-License-Identifier: Apache-2.0
#include "core/disk/boot_environment.hpp"

#include "core/disk/grubenv.hpp"

namespace seatrial::disk {

Result<std::map<std::string, std::string>> parse_boot_environment(const std::string& loader_kind,
                                                                  const std::string& content) {
  if (loader_kind == "grub") return parse_grubenv(content);
  return Failure("disk.environment", Blame::seatrial,
                 "no reader for the environment of the boot loader " + loader_kind,
                 "add one to core/disk, by the loader's format");
}

}  // namespace seatrial::disk
