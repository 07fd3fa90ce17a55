// SPDX-License-Identifier: Apache-2.0
#include "core/cli/inspect.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/cli/config_edit.hpp"
#include "core/cli/terminal.hpp"
#include "core/disk/disk.hpp"
#include "core/disk/ext.hpp"
#include "core/disk/fat.hpp"
#include "core/io/file.hpp"
#include "core/io/hash.hpp"
#include "core/io/process.hpp"

namespace seatrial::cli {
namespace {

using nlohmann::json;

std::map<std::string, std::string> parse_os_release(std::string_view text) {
  std::map<std::string, std::string> out;
  for (const auto& line : split(text, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || line.front() == '#') continue;
    auto value = line.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    out[line.substr(0, equals)] = value;
  }
  return out;
}

/// os-release inside a compressed root file system that lies in a slot.
std::string from_squashfs(const disk::Ext& slot, const std::string& path) {
  const auto bytes = slot.read(path);
  if (!bytes) return {};
  const auto folder = io::TempDir::make("seatrial-inspect");
  if (!folder) return {};
  const auto file = folder->path() / "rootfs.squashfs";
  if (!io::write_file_atomic(file, *bytes)) return {};
  for (const char* inside : {"etc/os-release", "usr/lib/os-release"}) {
    auto got = io::run_checked(io::cmd("unsquashfs").arg("-cat").arg(file.string()).arg(inside),
                               Budget(std::chrono::seconds(30), "unsquashfs"), "image.squashfs",
                               Blame::suite);
    if (got && !got->empty()) return *got;
  }
  return {};
}

/// Best effort: a plain tree, or hostapps/<id>/rootfs.squashfs behind the link `current`.
std::string os_release_in(const disk::Disk& disk, const disk::Partition& partition) {
  const auto window = disk.window(partition);
  if (!window) return {};
  const auto slot = disk::Ext::open(*window, false);
  if (!slot) return {};
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"})
    if (const auto text = slot->read(path); text && text->find('=') != std::string::npos)
      return *text;
  if (const auto current = slot->link_target("/current"))
    return from_squashfs(*slot, "/" + std::string(trim(*current)) + "/rootfs.squashfs");
  return {};
}

void look_at_partitions(const disk::Disk& disk, SeenImage& seen) {
  for (const auto& partition : disk.table().partitions) {
    SeenPartition out{partition.number, partition.name, partition.type, "", "",
                      partition.start,  partition.size};
    if (const auto window = disk.window(partition))
      if (const auto found = disk::identify(*window)) {
        out.filesystem = found->type;
        out.label = found->label;
      }
    if (out.filesystem == "ext4" && seen.os.empty())
      seen.os = parse_os_release(os_release_in(disk, partition));
    seen.partitions.push_back(std::move(out));
  }
}

Result<> look_at_boot(const disk::Disk& disk, SeenImage& seen) {
  TRY(const auto boot, disk::find_boot_partition(disk));
  seen.boot_partition = boot.number;
  TRY(const auto window, disk.window(boot));
  const disk::Fat fat(window);
  TRY(seen.boot_files, fat.list("/"));
  if (const auto config = fat.read("/config.json")) seen.config = masked_config(*config);
  if (const auto type = fat.read("/device-type.json")) {
    const auto parsed = json::parse(*type, nullptr, false);
    if (parsed.is_object() && parsed.contains("slug") && parsed["slug"].is_string())
      seen.device_type = parsed["slug"];
  }
  return {};
}

std::string size_text(std::uint64_t bytes) { return human_bytes(static_cast<double>(bytes)); }

}  // namespace

Result<SeenImage> inspect_image(const std::string& path) {
  TRY(const auto disk, disk::Disk::open(path));
  SeenImage seen;
  seen.path = path;
  seen.format = disk.format();
  seen.scheme = disk.table().scheme;
  seen.size = disk.size();
  TRY(seen.digest, io::sha256_file(path));
  look_at_partitions(disk, seen);
  CHECK_OK(look_at_boot(disk, seen));
  return seen;
}

json to_json(const SeenImage& seen) {
  json partitions = json::array();
  for (const auto& one : seen.partitions)
    partitions.push_back({{"number", one.number},
                          {"name", one.name},
                          {"type", one.type},
                          {"filesystem", one.filesystem},
                          {"label", one.label},
                          {"start", one.start},
                          {"size", one.size}});
  return {{"path", seen.path},
          {"format", seen.format},
          {"size", seen.size},
          {"digest", seen.digest},
          {"table", seen.scheme},
          {"partitions", partitions},
          {"boot_partition", seen.boot_partition},
          {"boot_files", seen.boot_files},
          {"device_type", seen.device_type},
          {"os_release", seen.os},
          {"config", json::parse(seen.config.empty() ? "null" : seen.config, nullptr, false)}};
}

std::string to_text(const SeenImage& seen) {
  std::string out = fmt::format("{}\n{}, {}, {} partition table\nsha256 {}\n\n", seen.path,
                                seen.format, size_text(seen.size), seen.scheme, seen.digest);
  for (const auto& one : seen.partitions)
    out += fmt::format("{:>3}  {}  {}  {:>9}  {}{}\n", one.number,
                       fitted(one.label.empty() ? one.name : one.label, 14),
                       fitted(one.filesystem.empty() ? "-" : one.filesystem, 8),
                       size_text(one.size), "at " + size_text(one.start),
                       one.number == seen.boot_partition ? "  (boot)" : "");
  const auto known = [&](const char* key) {
    const auto found = seen.os.find(key);
    return found == seen.os.end() ? std::string("unknown") : found->second;
  };
  if (!seen.device_type.empty()) out += "\ndevice type   " + seen.device_type;
  out += fmt::format("\nOS            {} {}\n", known("NAME"), known("VERSION"));
  out += "boot files    " + join(seen.boot_files, " ") + "\n";
  out += "config.json   " + (seen.config.empty() ? "none" : seen.config) + "\n";
  return out;
}

}  // namespace seatrial::cli
