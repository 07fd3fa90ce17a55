// SPDX-License-Identifier: Apache-2.0
#pragma once
// LabSettings: what a lab network is made of, as a value, with JSON both ways: the bench host
// writes it, seatrial-labnet reads it.
//
// A segment is one IP network of the lab: NET4.0/24 and NET6::/64, where the lab itself is .1 and
// ::1, DHCP gives out .100 to .200 and ::100 to ::1ff to whoever comes, and the NICs that the lab
// knows get .50, .51 ... and ::50, ::51 ... in the order of the list. Its interface in the
// namespace has its name; its VLAN is an access port of the switch.

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::network {

struct Segment {
  std::string name = "lab0";  ///< at most 13 characters
  std::uint16_t vlan = 1;
  std::string net4 = "10.77.0";  ///< three numbers; empty: no IPv4
  std::string net6 = "fd77:";    ///< what precedes ":1"; empty: no IPv6
  std::string lab4() const { return net4 + ".1"; }
  std::string lab6() const { return net6 + ":1"; }
};

/// A NIC of a DUT: a port of the switch.
struct LabNic {
  std::string name = "nic0";  ///< of the port; "nic..." marks the DUT in captures
  std::string mac;            ///< for its fixed address; empty: it has none
  std::string socket;         ///< QEMU's stream netdev
  std::string interface;      ///< in place of a socket: an interface of the host, moved in (root)
  std::string segment = "lab0";
};

/// A TCP port of the lab's addresses that leads to a unix socket outside.
struct LabRelay {
  std::uint16_t port = 0;
  std::string socket;
};

struct LabSettings {
  std::filesystem::path folder;   ///< logs and captures
  std::filesystem::path sockets;  ///< short, private: control sockets
  std::string switch_program;     ///< seatrial-switch
  std::uint64_t seed = 1;
  std::string link = "auto";  ///< "tap", "veth", or whatever works
  std::vector<Segment> segments{Segment{}};
  std::vector<LabNic> nics;
  std::vector<LabRelay> relays;
  std::map<std::string, std::vector<std::string>> names;  ///< what DNS knows: name -> addresses
  const Segment* segment(const std::string& name) const;
  /// The fixed addresses of a NIC that has a MAC address; "" without.
  std::string address4(const LabNic& nic) const;
  std::string address6(const LabNic& nic) const;
};

nlohmann::json to_json(const LabSettings& settings);
/// Fails with the place in the text that is wrong.
Result<LabSettings> read_lab_settings(std::string text, std::string name);

}  // namespace seatrial::network
