// SPDX-License-Identifier: Apache-2.0
#pragma once
// What seatrial-switch is made of, from JSON:
//   {"control": PATH, "seed": 7, "capture": {"file": PATH, "limit_mb": 512}, "ports": [
//     {"name": "nic0", "kind": "stream", "path": PATH, "vlan": 20},
//     {"name": "lab0", "kind": "tap", "fd": 5},
//     {"name": "wan", "kind": "packet", "interface": "eth1", "trunk": {"native": 1, "allowed":
//     [20]}}]}

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "workers/network/switch/port.hpp"
#include "workers/network/switch/switch.hpp"

namespace seatrial::model {
class Fields;
}

namespace seatrial::network {

struct CaptureSettings {
  std::filesystem::path file;  ///< empty: no capture
  std::uint64_t most_bytes = 512ull << 20;
};

struct SwitchSettings {
  std::filesystem::path control;
  std::uint64_t seed = 1;
  CaptureSettings capture;
  struct Port {
    PortSettings io;
    Vlan vlan;
  };
  std::vector<Port> ports;
};

/// Fails with the place in the text that is wrong.
Result<SwitchSettings> read_switch_settings(std::string text, std::string name);
/// The keys "vlan" and "trunk" of an object; `into` stays what it is without them.
Result<> read_vlan(model::Fields& fields, Vlan& into);
void read_capture(model::Fields& fields, CaptureSettings& into);
void read_seed(model::Fields& fields, std::uint64_t& into);

}  // namespace seatrial::network
