// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rig: the instruments of one bench, assembled from a bench file or, for QEMU, from the device
// type. The bench talks to the DUT through it and nothing else, so that a board with a relay, an SD
// mux and a UART is one more Rig. Owned by the bench host; everything lives on its io_context
// thread.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "workers/drivers/checkpoint/checkpoint.hpp"
#include "workers/drivers/console/console_source.hpp"
#include "workers/drivers/network/network.hpp"
#include "workers/drivers/power/power.hpp"
#include "workers/drivers/storage/storage.hpp"

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

class Rig {
 public:
  virtual ~Rig() = default;
  virtual drivers::Power& power() = 0;
  virtual drivers::Storage& storage() = 0;
  virtual drivers::ConsoleSource& console() = 0;
  virtual drivers::Network& network() = 0;
  /// nullptr where states cannot be saved.
  virtual drivers::Checkpoints* checkpoints() = 0;
  virtual void on_event(std::function<void(const RigEvent&)> sink) = 0;
  /// The state a bench is left in: power off, medium at the host, nothing running. Idempotent.
  virtual Task<Result<>> make_safe() = 0;
  /// For the record: accelerator, versions, serial numbers of instruments.
  virtual std::vector<std::pair<std::string, std::string>> facts() const = 0;
  /// What this rig cannot do although the device type could, with the reason.
  virtual std::vector<std::pair<std::string, std::string>> lacks() const = 0;
};

}  // namespace seatrial::bench
