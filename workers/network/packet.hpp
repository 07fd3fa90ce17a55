// SPDX-License-Identifier: Apache-2.0
#pragma once
// What one Ethernet frame shows of the DUT. The bytes are foreign: nothing is read beyond them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workers/drivers/network/network.hpp"

namespace seatrial::network {

struct PacketFacts {
  std::optional<drivers::DhcpSeen> dhcp;  ///< without its time
  std::string source;                     ///< IPv4 address the DUT sent from; empty: not from it
  std::vector<std::string> mdns;          ///< names the DUT announced, each once
  std::vector<std::string> asked;         ///< names the DUT asked a DNS server for over UDP
};

/// The sender's MAC address, six bytes.
std::string sender_of(std::string_view frame);
/// QEMU's own hosts answer from 52:55:0a:00:02:xx and the like; the first other sender is the DUT.
bool is_qemu(std::string_view sender);
PacketFacts read_packet(std::string_view frame, std::string_view dut_mac);

}  // namespace seatrial::network
