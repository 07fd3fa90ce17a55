// SPDX-License-Identifier: Apache-2.0
#pragma once
// QemuRig: the rig of a virtual DUT: one QEMU machine, its overlay disks, its console socket and
// its user-mode network. The image under test is never touched: "flashing" makes a fresh overlay.

#include "workers/bench/rig.hpp"

namespace seatrial::bench {

/// Fails with "device.no_machine" for a device type that QEMU cannot play.
Task<Result<std::unique_ptr<Rig>>> make_qemu_rig(Nursery& nursery, Guard* guard, RigParts parts);

}  // namespace seatrial::bench
