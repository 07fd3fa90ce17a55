// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/rig.hpp"

#include "workers/bench/qemu_rig.hpp"

namespace seatrial::bench {

Task<Result<std::unique_ptr<Rig>>> make_rig(Nursery& nursery, Guard* guard, RigParts parts) {
  if (parts.device.machine) co_return co_await make_qemu_rig(nursery, guard, std::move(parts));
  co_return Failure("device.no_machine", Blame::suite,
                    parts.device.slug + " cannot be played by QEMU: device.json has no machine",
                    "take a device type with a machine; `seatrial list devices` shows them");
}

}  // namespace seatrial::bench
