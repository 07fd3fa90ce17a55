// SPDX-License-Identifier: Apache-2.0
#pragma once
// The balenaOS family: config.json on the boot partition, hostapp-update, two roots, rollback by
// boot count and by health checks.

#include <memory>

#include "workers/dut/os/family.hpp"

namespace seatrial::dut {

std::unique_ptr<OsFamily> make_balenaos(model::OsProfile profile, model::DeviceType device);

}  // namespace seatrial::dut
