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
  double at = 0;  ///< seconds of the host's monotonic clock (Clock::monotonic)
  std::string type, mac, hostname, address;
  std::string gateway;           ///< what an offer or ack names as router; empty: none
  std::vector<std::string> dns;  ///< name servers it names
};

struct NetworkSeen {
  double at = 0;  ///< of the look, same clock: what is seen later is at or after it
  std::vector<DhcpSeen> dhcp;
  std::vector<std::string> sources;  ///< IPv4 addresses the DUT sent from, in order of appearance
  std::vector<std::string> mdns;     ///< names it announced
  std::vector<std::string> asked;    ///< names it asked a DNS server for
};

/// How the DUT's network is laid out, for a DUT that sets itself up.
struct NetworkPlan {
  int prefix = 0;
  std::string gateway, dns;
  std::string dhcp;               ///< what DHCP gives to the DUT; empty: it varies
  std::vector<std::string> free;  ///< addresses that the DUT may take
};

class Network {
 public:
  virtual ~Network() = default;
  virtual NetworkPlan plan() const = 0;
  /// Where the DUT finds the device API stand-in: an address or name, port 80 and 443.
  virtual std::string api_host() const = 0;
  /// Where a TCP port of the DUT is reached from the bench host.
  virtual Endpoint endpoint(std::uint16_t dut_port) const = 0;
  /// The DUT has, or will have, another address; empty: the one that DHCP gives it.
  virtual Task<Result<>> follow(std::string ipv4) = 0;
  /// What was seen since `since`, in seconds of the host's monotonic clock: a wall clock that steps
  /// must not hide or invent a packet. "network.no_observer" where nobody watches.
  virtual Task<Result<NetworkSeen>> observed(double since) = 0;
};

}  // namespace seatrial::drivers
