// SPDX-License-Identifier: Apache-2.0
#include "core/model/device_type.hpp"

#include "core/model/json.hpp"

namespace seatrial::model {

const DeviceType::Partition* DeviceType::partition(std::string_view role) const {
  for (const auto& entry : partitions)
    if (entry.role == role) return &entry;
  return nullptr;
}

Result<std::vector<DeviceType::Partition>> read_partitions(Fields& fields, bool is_required) {
  std::vector<DeviceType::Partition> out;
  for (auto& entry : fields.objects("partitions", is_required)) {
    auto& into = out.emplace_back();
    entry.required("number", into.number).required("label", into.label);
    entry.required("filesystem", into.filesystem).required("role", into.role);
    CHECK_OK(entry.finish());
  }
  return out;
}

Result<DeviceType> load_device_type(const std::filesystem::path& path) {
  TRY(const auto document, Document::load(path));
  DeviceType type;
  type.file = path;
  Fields fields(document);
  fields.required("slug", type.slug).required("name", type.name).optional("aliases", type.aliases);
  fields.required("arch", type.arch)
      .required("profile", type.profile)
      .optional("image", type.image);
  fields.optional("capabilities", type.capabilities);
  if (auto machine = fields.object("machine")) {
    auto& into = type.machine.emplace(DeviceType::Machine());
    machine->required("type", into.type).required("cpu", into.cpu).required("qemu", into.qemu);
    machine->required("memory_mb", into.memory_mb)
        .required("cpus", into.cpus)
        .optional("disk_mb", into.disk_mb);
    if (into.memory_mb < 64) machine->complain("memory_mb", "must be at least 64");
    if (into.cpus < 1) machine->complain("cpus", "must be at least 1");
    CHECK_OK(machine->finish());
  }
  if (auto loader = fields.object("boot_loader", true)) {
    loader->required("kind", type.boot_loader.kind)
        .required("attempt_limit", type.boot_loader.attempt_limit);
    loader->required("environment", type.boot_loader.environment)
        .required("line", type.boot_loader.line);
    CHECK_OK(loader->finish());
  }
  if (auto console = fields.object("console", true)) {
    console->optional("baud", type.console.baud)
        .required("login_prompt", type.console.login_prompt);
    console->required("first_line", type.console.first_line);
    CHECK_OK(console->finish());
  }
  TRY(type.partitions, read_partitions(fields, true));
  if (auto budgets = fields.object("budgets", true)) {
    auto& into = type.budgets;
    budgets->required("boot_to_login", into.boot_to_login)
        .required("boot_to_ssh", into.boot_to_ssh);
    budgets->required("shutdown", into.shutdown).required("update", into.update);
    budgets->required("provisioning", into.provisioning).optional("flash", into.flash);
    CHECK_OK(budgets->finish());
  }
  CHECK_OK(fields.finish());
  return type;
}

}  // namespace seatrial::model
