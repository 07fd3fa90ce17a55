// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "core/base/text.hpp"
#include "workers/dut/os/balenaos.hpp"
#include "workers/dut/os/family.hpp"

namespace seatrial::dut {
namespace {

using Make = std::unique_ptr<OsFamily> (*)(model::OsProfile, model::DeviceType);

/// One line for each family.
constexpr std::pair<std::string_view, Make> kFamilies[] = {
    {"balenaos", make_balenaos},
};

}  // namespace

Result<std::unique_ptr<OsFamily>> make_os_family(model::OsProfile profile,
                                                 model::DeviceType device) {
  std::vector<std::string> names;
  for (const auto& [name, make] : kFamilies) {
    if (name == profile.adapter) return make(std::move(profile), std::move(device));
    names.emplace_back(name);
  }
  return Failure("profile.adapter", Blame::suite,
                 "the OS profile " + profile.name + " wants the adapter \"" + profile.adapter +
                     "\", and there is none",
                 "known: " + join(names, ", ") + "; see profile.json of that OS family");
}

}  // namespace seatrial::dut
