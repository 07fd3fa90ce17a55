// SPDX-License-Identifier: Apache-2.0
#pragma once
// What packet captures show of the DUT: DHCP exchanges, IPv4 source addresses, mDNS names, names it
// asked DNS for. Reads classic pcap files (Ethernet), as QEMU's filter-dump writes them, and pcapng
// files, as our switch does; a file that is still being written or was cut short is read up to its
// last whole packet. The bytes are foreign: nothing is read beyond a packet's captured length. The
// DUT is known by being the first sender that is none of QEMU's own hosts; in a pcapng file it is
// what is behind the interfaces named nic0, nic1 ..., and frames on their way out are left out,
// because they came in somewhere.
//
// `since` leaves out packets of an earlier time; it may be another one at each call. Times are
// those of the stamps, or of a host's monotonic clock where one is given.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "workers/drivers/network/network.hpp"
#include "workers/network/packet.hpp"
#include "workers/network/pcapng.hpp"

namespace seatrial::network {

/// Values that were seen again and again, and when: enough to tell for any `since` which were seen,
/// in which order. A value seen many times in a row takes the room of one.
class Sightings {
 public:
  void see(const std::string& value, double when);
  /// Adds what was seen since then to `list`, but for what is in `known`, which grows with it.
  void collect(double since, std::vector<std::string>& list,
               std::unordered_set<std::string>& known) const;

 private:
  struct Run {
    std::uint32_t value;
    double last;
  };
  std::vector<std::string> values_;
  std::unordered_map<std::string, std::uint32_t> ids_;
  std::vector<Run> runs_;
};

/// How stamps become times: `offset` is added, and the sum is put between `earliest` and `latest`:
/// a machine that goes back to a saved state stamps its packets by a clock that went back with it.
struct Times {
  double offset = 0, earliest = 0, latest = 1e18;
};

/// What one capture has shown so far; fed with its bytes, from the first to the last.
class Capture {
 public:
  /// Takes whole records from the beginning of `bytes`, which go on where those taken before ended;
  /// returns how many bytes those were. Fails with "network.capture" on what is no capture.
  Result<std::size_t> take(std::string_view bytes, const Times& times = {});
  /// A record that cannot be one: nothing after it can be read.
  bool broken() const { return broken_; }

  const std::vector<drivers::DhcpSeen>& dhcp() const { return dhcp_; }
  const Sightings& sources() const { return sources_; }
  const Sightings& mdns() const { return mdns_; }
  const Sightings& asked() const { return asked_; }

 private:
  Result<std::size_t> take_classic(std::string_view bytes, const Times& times);
  void take_packet(std::string_view frame, double when);
  void note(PacketFacts facts, double when);

  bool started_ = false, nanoseconds_ = false, broken_ = false;
  std::optional<PcapngReader> pcapng_;
  std::string dut_mac_;
  std::vector<drivers::DhcpSeen> dhcp_;
  Sightings sources_, mdns_, asked_;
};

/// A capture file that grows; it may be missing at first, and may be begun anew.
class CaptureFile {
 public:
  explicit CaptureFile(std::filesystem::path path) : path_(std::move(path)) {}
  /// Reads what was written since the last call, which is known to be younger than that when a
  /// clock is given. Stamps of a file are taken to follow the wall clock as it went when the file
  /// was first seen. False: there is no such file.
  Result<bool> update(const Clock* clock = nullptr);
  const Capture& capture() const { return capture_; }
  /// How much has been read, in all calls together.
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  std::filesystem::path path_;
  Capture capture_;
  double looked_ = 0;  ///< when it was read last
  std::optional<double> wall_to_monotonic_;
  std::uint64_t device_ = 0, inode_ = 0, offset_ = 0, bytes_read_ = 0;
};

/// The captures packets-1.pcap, packets-2.pcap ... of a folder (one for each start of a machine, or
/// of a switch: lab-1.pcapng ...) as one, up to the first number that is missing. Asked again, it
/// reads what is new and no more.
class CaptureFolder {
 public:
  /// With a clock, times are those of its monotonic hand, held against the times of the looks;
  /// without one they are the stamps.
  explicit CaptureFolder(std::filesystem::path folder, const Clock* clock = nullptr,
                         std::string stem = "packets-", std::string ending = ".pcap")
      : folder_(std::move(folder)),
        clock_(clock),
        stem_(std::move(stem)),
        ending_(std::move(ending)) {}
  Result<drivers::NetworkSeen> observe(double since);
  std::uint64_t bytes_read() const;

 private:
  std::filesystem::path folder_;
  const Clock* clock_;
  std::string stem_, ending_;
  std::map<unsigned, CaptureFile> files_;
};

/// For one look: everything is read.
Result<drivers::NetworkSeen> observe_pcap(const std::filesystem::path& file, double since);
Result<drivers::NetworkSeen> observe_folder(const std::filesystem::path& folder, double since);
Result<drivers::NetworkSeen> observe_pcap_bytes(std::string_view bytes, double since);

}  // namespace seatrial::network
