// SPDX-License-Identifier: Apache-2.0
#pragma once
// QemuRig: the rig of a virtual DUT: one QEMU machine, its overlay disks, its console socket and
// its user-mode network. The image under test is never touched: "flashing" makes a fresh overlay.
// Disks live in the run folder.

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <memory>

#include "core/base/nursery.hpp"
#include "core/model/device_type.hpp"
#include "workers/bench/rig.hpp"
#include "workers/guard/guard.hpp"
#include "workers/qemu/accelerator.hpp"

namespace seatrial::bench {

struct QemuRigSettings {
  model::DeviceType device;
  std::filesystem::path folder;               ///< of the run: disks, qemu.log, packets-N.pcap
  std::filesystem::path cache;                ///< where the accelerator probe is remembered
  std::filesystem::path http_api, https_api;  ///< unix sockets the DUT reaches at api_address
  std::string relay_program;                  ///< seatrial-guestfwd
  int ssh_port = 22222, supervisor_port = 48484;
};

/// Where the DUT finds the API stand-in in QEMU's user-mode network.
inline constexpr const char* kQemuApiAddress = "10.0.2.100";

/// `nursery` and `guard` outlive the rig.
Task<Result<std::unique_ptr<Rig>>> make_qemu_rig(Nursery& nursery, Guard* guard,
                                                 QemuRigSettings settings);

}  // namespace seatrial::bench
