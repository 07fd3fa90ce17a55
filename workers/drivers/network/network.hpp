// SPDX-License-Identifier: Apache-2.0
#pragma once
// Network: how the bench reaches the DUT over IP, and what an observer outside the DUT saw of it.
// Owned by the bench.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial::drivers {

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

/// A DHCP message that passed by.
struct DhcpSeen {
  double at = 0;  ///< wall time, seconds since 1970
  std::string type, mac, hostname, address;
};

struct NetworkSeen {
  std::vector<DhcpSeen> dhcp;
  std::vector<std::string> sources;  ///< IPv4 addresses the DUT sent from, in order of appearance
  std::vector<std::string> mdns;     ///< names it announced
};

class Network {
 public:
  virtual ~Network() = default;
  /// Where a TCP port of the DUT is reached from the bench host.
  virtual Endpoint endpoint(std::uint16_t dut_port) const = 0;
  /// The DUT has, or will have, another address.
  virtual Task<Result<>> follow(std::string ipv4) = 0;
  /// What was seen since `since` (wall time, seconds since 1970). "network.no_observer" where
  /// nobody watches.
  virtual Task<Result<NetworkSeen>> observed(double since) = 0;
};

}  // namespace seatrial::drivers
