// SPDX-License-Identifier: Apache-2.0
#include "workers/flash/medium.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/disk/boot_environment.hpp"
#include "core/disk/disk.hpp"
#include "core/disk/ext.hpp"
#include "core/disk/fat.hpp"

namespace seatrial::flash {
namespace {
using nlohmann::json;

Result<disk::Partition> choose(const disk::Disk& disk, const model::DeviceType& device,
                               const std::string& name) {
  if (const auto* known = device.partition(name))
    if (const auto* partition = disk.by_number(known->number)) return *partition;
  if (const auto* partition = disk.by_name(name)) return *partition;
  if (name == "boot") return disk::find_boot_partition(disk);
  return Failure("disk.no_partition", Blame::suite, "the medium has no partition " + name,
                 "use a role of the device type (boot, slot_a, slot_b, state, data) or a label");
}

bool is_fat(const disk::Window& window) {
  const auto info = disk::identify(window);
  return info && info->type == "vfat";
}

}  // namespace

Result<json> Medium::partitions() const {
  TRY(const auto disk, disk::Disk::open(disk_));
  json list = json::array();
  for (const auto& partition : disk.table().partitions) {
    TRY(const auto window, disk.window(partition));
    TRY(const auto info, disk::identify(window));
    list.push_back({{"number", partition.number},
                    {"label", partition.name.empty() ? info.label : partition.name},
                    {"start", partition.start},
                    {"size", partition.size},
                    {"filesystem", info.type},
                    {"filesystem_label", info.label},
                    {"uuid", info.uuid}});
  }
  return list;
}

Result<std::string> Medium::read(const std::string& name, const std::string& path) const {
  TRY(const auto disk, disk::Disk::open(disk_));
  TRY(const auto partition, choose(disk, device_, name));
  TRY(auto window, disk.window(partition));
  if (is_fat(window)) return disk::Fat(std::move(window)).read(path);
  if (!window.copy) {
    TRY(window, disk.window(partition, true));
  }
  TRY(const auto ext, disk::Ext::open(std::move(window), true));
  return ext.read(path);
}

Result<std::vector<std::string>> Medium::list(const std::string& name,
                                              const std::string& path) const {
  TRY(const auto disk, disk::Disk::open(disk_));
  TRY(const auto partition, choose(disk, device_, name));
  TRY(auto window, disk.window(partition));
  if (is_fat(window)) return disk::Fat(std::move(window)).list(path);
  if (!window.copy) {
    TRY(window, disk.window(partition, true));
  }
  TRY(const auto ext, disk::Ext::open(std::move(window), true));
  return ext.list(path);
}

Result<> Medium::write(const std::string& name, const std::string& path,
                       const std::string& content) const {
  TRY(const auto disk, disk::Disk::open(disk_));
  TRY(const auto partition, choose(disk, device_, name));
  TRY(const auto window, disk.window(partition));
  if (!is_fat(window))
    return Failure("disk.not_fat", Blame::suite,
                   "only FAT partitions can be written while the DUT is off",
                   "write into the boot partition");
  CHECK_OK(disk::Fat(window).write(path, content));
  return disk.write_back(partition, window);
}

Result<std::vector<std::uint64_t>> Medium::search(const std::string& name,
                                                  const std::string& text) const {
  TRY(const auto disk, disk::Disk::open(disk_));
  TRY(const auto partition, choose(disk, device_, name));
  TRY(const auto window, disk.window(partition));
  return disk::search(window, text);
}

Result<Medium::Environment> Medium::environment() const {
  TRY(const auto content, read("boot", "/" + device_.boot_loader.environment));
  Environment out;
  out.bytes = content.size();
  TRY(out.variables, disk::parse_boot_environment(device_.boot_loader.kind, content));
  return out;
}

Result<std::string> Medium::apply(const drivers::FileEdit& edit) const {
  std::optional<std::string> old;
  auto content = read(edit.partition, edit.path);
  if (content)
    old = std::move(*content);
  else if (content.error().code() != "disk.no_such_file")
    return content.error();
  TRY(auto changed, edit.change(std::move(old)));
  CHECK_OK(write(edit.partition, edit.path, changed));
  return changed;
}

}  // namespace seatrial::flash
