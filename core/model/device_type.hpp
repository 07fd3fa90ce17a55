// SPDX-License-Identifier: Apache-2.0
#pragma once
// A kind of device, as data: devices/<slug>/device.json. What differs between boards is here first,
// in a hook second, in the generic core last. Spans are seconds of a reference machine; the bench
// scales them.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::model {

struct DeviceType {
  std::string slug;
  std::string name;
  std::vector<std::string> aliases;       ///< other slugs that mean this device, such as balena's
  std::string arch;                       ///< "amd64", "aarch64", ...
  std::string profile;                    ///< OS profile it runs by default
  std::string image;                      ///< catalogue name of its default image
  std::vector<std::string> capabilities;  ///< of board and bench; the OS's are in its profile

  struct Machine {  ///< present when QEMU can play the device
    std::string type, cpu, qemu;
    int memory_mb = 0;
    int cpus = 0;
    int disk_mb = 0;  ///< size the disk is grown to; 0: as the image
  };
  std::optional<Machine> machine;

  struct BootLoader {
    std::string kind;         ///< "grub", "u-boot", "balena-bootloader"
    int attempt_limit = 1;    ///< failed boots of a new root before the loader falls back
    std::string environment;  ///< file in the boot partition: "grubenv"
    std::string line;         ///< RE2 of the loader's console line; groups part, bootcount by name
  } boot_loader;

  struct Console {
    int baud = 115200;
    std::string login_prompt;  ///< RE2
    std::string first_line;    ///< RE2 of firmware or loader output: an unannounced one is a reset
  } console;

  struct Partition {
    int number = 0;
    std::string label, filesystem, role;  ///< role: boot, slot_a, slot_b, state, data
  };
  std::vector<Partition> partitions;
  const Partition* partition(std::string_view role) const;

  struct Budgets {  ///< product budgets, reference seconds
    double boot_to_login = 0, boot_to_ssh = 0, shutdown = 0, update = 0, provisioning = 0;
    double flash = 60;  ///< the bench's, not the product's: writing and reading back the medium
  } budgets;

  std::filesystem::path file;  ///< where it was read
  std::string digest;          ///< of that file
};

Result<DeviceType> load_device_type(const std::filesystem::path& device_json);

class Fields;
/// The list under "partitions"; OS profiles may have one too.
Result<std::vector<DeviceType::Partition>> read_partitions(Fields& fields, bool is_required);

}  // namespace seatrial::model
