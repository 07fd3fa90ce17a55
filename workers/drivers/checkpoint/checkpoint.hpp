// SPDX-License-Identifier: Apache-2.0
#pragma once
// Checkpoints: saved states of a running DUT (memory, devices, disk) that can be gone back to. Only
// benches that really can offer it; the others reach a state by re-flashing and booting. Host-side
// state (API stand-in) is the bench's job.

#include <string>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial::drivers {

class Checkpoints {
 public:
  virtual ~Checkpoints() = default;
  /// Makes the running DUT stand still, its clocks too, and lets it go on: for states of other
  /// things that must belong to the same instant as the DUT's.
  virtual Task<Result<>> hold() = 0;
  virtual Task<Result<>> go_on() = 0;
  /// Saves the DUT, held or running, under `name`; it stays as it is.
  virtual Task<Result<>> save(std::string name) = 0;
  /// Goes back; the DUT runs afterwards. The caller mends clock and connections.
  virtual Task<Result<>> restore(std::string name) = 0;
  virtual bool has(const std::string& name) const = 0;
  /// Forgets those whose names begin so.
  virtual void forget_all(const std::string& prefix) = 0;
};

}  // namespace seatrial::drivers
