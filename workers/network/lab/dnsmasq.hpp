// SPDX-License-Identifier: Apache-2.0
#pragma once
// The configuration of dnsmasq: DHCPv4, DHCPv6 and router advertisements for each segment, and DNS,
// every question of which goes on to our own answerer (workers/network/lab/dns.hpp).

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/io/process.hpp"
#include "workers/network/lab/settings.hpp"

namespace seatrial::network {

/// Where our DNS answerer listens, on the loopback of the namespace.
constexpr std::uint16_t kDnsBehind = 5300;

struct DhcpManner {
  std::set<std::string> off;       ///< segments without DHCP and router advertisements
  std::vector<std::string> extra;  ///< more lines: dhcp-option=..., dhcp-reply-delay=... and so on
  bool operator==(const DhcpManner&) const = default;
};

/// Fails with "network.dhcp" on a line that is not about DHCP.
Result<std::string> dnsmasq_conf(const LabSettings& settings, const DhcpManner& manner,
                                 const std::filesystem::path& log);
io::Command dnsmasq_command(const std::filesystem::path& conf);

}  // namespace seatrial::network
