// SPDX-License-Identifier: Apache-2.0
#pragma once
// Power: the supply of a DUT, and what every switch of it can do, be it a relay, a PDU outlet, a
// hub port or a QEMU process. It says nothing about what the DUT makes of its supply: a board that
// has shut down still has power (see RunState in workers/bench/rig.hpp). Owned by the bench; used
// from its io_context thread. Every action is read back from the instrument: a switch that did not
// switch is a Failure of the bench, with the physical act that mends it.

#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial::drivers {

enum class PowerState { off, on, unknown };

constexpr std::string_view to_string(PowerState state) {
  return state == PowerState::on ? "on" : state == PowerState::off ? "off" : "unknown";
}

class Power {
 public:
  virtual ~Power() = default;
  /// On, read back. No-op when it is on already.
  virtual Task<Result<>> on() = 0;
  /// Cuts the power, without telling the OS. No-op when it is off already.
  virtual Task<Result<>> off() = 0;
  /// Presses the power button; the caller waits for the DUT to stop running. "power.no_button"
  /// where there is none.
  virtual Task<Result<>> press_button() = 0;
  virtual Task<Result<PowerState>> state() = 0;
};

}  // namespace seatrial::drivers
