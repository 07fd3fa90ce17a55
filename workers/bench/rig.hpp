// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rig: the instruments of one bench, assembled from a bench file or, for QEMU, from the device
// type. The bench talks to the DUT through it and nothing else, so that a board with a relay, an SD
// mux and a UART is one more Rig. What a bench may lack is a nullptr, and named in lacks(). Owned
// by the bench host; everything lives on its io_context thread. Kinds of rigs: make_rig().

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/model/device_type.hpp"
#include "workers/drivers/checkpoint/checkpoint.hpp"
#include "workers/drivers/console/console_source.hpp"
#include "workers/drivers/network/network.hpp"
#include "workers/drivers/power/power.hpp"
#include "workers/drivers/storage/storage.hpp"
#include "workers/guard/guard.hpp"

namespace seatrial::bench {

/// What an instrument noticed by itself.
struct RigEvent {
  enum class Kind { powered_on, powered_off, reset, restored, trouble };
  Kind kind;
  bool by_guest = false;           ///< reset: the OS asked for it
  bool watchdog = false;           ///< reset: by a watchdog
  std::string detail;              ///< "hard off", "the guest ended by itself"
  std::optional<Failure> failure;  ///< trouble: the bench cannot go on
};

/// Whether the DUT executes code, which is not the same as having power: a board that has shut down
/// is stopped with its supply on. `unknown` where no instrument tells (no current meter, no carrier
/// detect): then the console has to.
enum class RunState { stopped, running, unknown };

class Rig {
 public:
  virtual ~Rig() = default;
  virtual drivers::Power& power() = 0;
  virtual Task<Result<RunState>> run_state() = 0;
  virtual drivers::Storage* storage() = 0;
  virtual drivers::ConsoleSource* console() = 0;
  virtual drivers::Network* network() = 0;
  virtual drivers::Checkpoints* checkpoints() = 0;
  virtual void on_event(std::function<void(const RigEvent&)> sink) = 0;
  /// The state a bench is left in: power off, medium at the host, nothing running. Idempotent.
  virtual Task<Result<>> make_safe() = 0;
  /// For the record: accelerator, versions, serial numbers of instruments.
  virtual std::vector<std::pair<std::string, std::string>> facts() const = 0;
  /// Capabilities of this very bench that no device type can promise: a power meter, a camera.
  virtual std::vector<std::string> offers() const { return {}; }
  /// What this rig cannot do although the device type could, with the reason.
  virtual std::vector<std::pair<std::string, std::string>> lacks() const = 0;
  /// How much longer than on the reference machine things take on this DUT now: what budgets in
  /// reference seconds are multiplied by. A board: 1, whatever the host does meanwhile.
  virtual double slowness() const = 0;
};

/// What a rig is made from.
struct RigParts {
  std::string kind = "qemu";  ///< of make_rig's table
  model::DeviceType device;
  std::filesystem::path folder;    ///< private part of the run folder: disks, packets-N.pcap
  std::filesystem::path cache;     ///< what is worth knowing in the next run
  std::filesystem::path http_api;  ///< unix sockets of the API stand-in, which the DUT shall reach;
  std::filesystem::path https_api;  ///< they listen before the DUT is switched on
  std::string relay_program;
  int ssh_port = 22222, supervisor_port = 48484;
};

/// The rig that a device type asks for; nothing is switched on. `nursery` and `guard` outlive it.
Task<Result<std::unique_ptr<Rig>>> make_rig(Nursery& nursery, Guard* guard, RigParts parts);

}  // namespace seatrial::bench
