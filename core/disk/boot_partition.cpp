// SPDX-License-Identifier: Apache-2.0
// The rule by which balena's own tools find the partition with config.json (balena-config-json).
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/base/log.hpp"
#include "core/disk/disk.hpp"
#include "core/disk/fat.hpp"

namespace seatrial::disk {
namespace {

/// FAT labels written by other systems are in upper case.
bool is_boot_label(std::string label) {
  std::transform(label.begin(), label.end(), label.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return label == "resin-boot" || label == "flash-boot" || label == "balena-boot";
}

/// The label in the boot sector may be stale: the entry in the root folder is the label.
std::string fat_label(const Window& window, const FilesystemInfo& info) {
  const auto label = Fat(window).label();
  return label && !label->empty() ? *label : info.label;
}

constexpr std::uint64_t most_bytes = 4ull << 30;  // a window of a qcow2 disk is copied

}  // namespace

Result<BootPartition> locate_boot_partition(const Disk& disk) {
  const auto& partitions = disk.table().partitions;
  for (const auto& part : partitions)
    if (is_boot_label(part.name)) return BootPartition{part, "GPT name " + part.name, ""};
  std::vector<std::pair<Partition, Window>> fats;
  for (const auto& part : partitions) {
    if (part.size > most_bytes) continue;
    TRY(auto window, disk.window(part));
    TRY(const auto info, identify(window));
    if (info.type != "vfat") continue;
    if (const auto label = fat_label(window, info); is_boot_label(label))
      return BootPartition{part, "FAT label " + label, ""};
    fats.emplace_back(part, std::move(window));
  }
  for (const auto& [part, window] : fats)
    if (Fat(window).read("/device-type.json"))
      return BootPartition{part, "it holds device-type.json", ""};
  if (!fats.empty() && fats.front().first.number == 1)
    return BootPartition{
        fats.front().first, "it is the first",
        "no partition is named resin-boot, flash-boot or balena-boot, and none holds "
        "device-type.json: partition 1 is taken"};
  return Failure(
      "image.no_boot_partition", Blame::suite,
      fmt::format("{} has no boot partition: none of its {} partitions is a FAT file system "
                  "named resin-boot, flash-boot or balena-boot, or holds device-type.json",
                  disk.path().string(), partitions.size()),
      "give an image of a balenaOS-like OS; `seatrial image inspect` shows its partitions");
}

Result<Partition> find_boot_partition(const Disk& disk) {
  TRY(auto found, locate_boot_partition(disk));
  if (!found.warning.empty()) log::warn("{}: {}", disk.path().string(), found.warning);
  return std::move(found.partition);
}

}  // namespace seatrial::disk
