// SPDX-License-Identifier: Apache-2.0
#pragma once
// The interfaces of the lab network, made inside its namespace: for each segment one that the
// daemons use, whose other end is a port of the switch. A tap where /dev/net/tun can be opened,
// else a veth pair whose far end the switch listens on. Blocking; once, at the start.

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/io/fd.hpp"
#include "workers/network/lab/settings.hpp"

namespace seatrial::network {

struct LabInterface {
  std::string name;
  std::string far;   ///< veth: the switch's end
  io::UniqueFd tap;  ///< held here: the tap outlives the switch
};

struct LabInterfaces {
  std::string kind;  ///< "tap" or "veth"
  std::vector<LabInterface> all;
};

/// Fails with "network.program_missing" or "network.interface".
Result<LabInterfaces> make_interfaces(const LabSettings& settings);

/// "apt-get install ..." for a program of another package that is not there.
Failure program_missing(const std::string& program);

/// Gives an interface of this namespace to the one of a process. Root's.
Result<> move_interface(const std::string& interface, int pid);

}  // namespace seatrial::network
