// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whose fault a broken connection to the DUT is. The connection itself cannot know ("ssh.lost",
// blame unknown); the boot tracker and the instruments do.

#include <optional>
#include <string>

#include "core/base/failure.hpp"
#include "workers/dut/boots.hpp"

namespace seatrial::bench {

/// The DUT when the connection was used.
struct Then {
  unsigned boot = 0;
  bool ended = false;  ///< that boot was over already
  bool powered = false;
};

struct SinceThen {
  Then then;
  const dut::Boot* now = nullptr;
  bool powered = true;
  std::optional<Failure> alarm;  ///< of an instrument or a sentinel
};

/// What a sentinel's line means. A device that is emulated by an overloaded host stalls through no
/// fault of its own.
Failure failure_of(const std::string& sentinel, const std::string& line, bool host_overloaded);

/// The failure with what explains it, or nullopt while nothing does. A DUT that crashed is the
/// product's fault; one that was off is that of whoever asked; one that restarted or stopped in
/// good order may have been told to, so that nobody is blamed.
std::optional<Failure> explained(const Failure& failure, const SinceThen& since);

}  // namespace seatrial::bench
