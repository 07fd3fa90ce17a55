// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a packet capture shows of the DUT: DHCP exchanges, IPv4 source addresses, mDNS names. Reads
// classic pcap files (Ethernet), as QEMU's filter-dump writes them; a file that is still being
// written or was cut short is read up to its last whole packet. The bytes are foreign: nothing is
// read beyond a packet's captured length.

#include <filesystem>

#include "core/base/result.hpp"
#include "workers/drivers/network/network.hpp"

namespace seatrial::network {

/// Packets with a wall time of at least `since` (seconds since 1970). The DUT is known by the MAC
/// of its DHCP messages, or by being neither the gateway nor the API (10.0.2.0/28 below .15 is
/// QEMU's own).
Result<drivers::NetworkSeen> observe_pcap(const std::filesystem::path& file, double since);
/// The captures packets-1.pcap, packets-2.pcap ... of a folder (one for each start of a machine) as
/// one.
Result<drivers::NetworkSeen> observe_folder(const std::filesystem::path& folder, double since);
/// The same from memory.
Result<drivers::NetworkSeen> observe_pcap_bytes(std::string_view bytes, double since);

}  // namespace seatrial::network
