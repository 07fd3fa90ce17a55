// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads pcapng files as our switch writes them (workers/network/switch/pcapng_writer.hpp), and as
// others do on a little-endian machine: sections, interfaces with names and resolutions, enhanced
// packets with direction and comments; other blocks are passed over. The bytes are foreign.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::network {

struct CapturedPacket {
  std::string_view interface;  ///< its name; empty: it has none
  double at = 0;               ///< seconds since 1970
  std::string_view frame;
  std::string_view comment;
  bool outbound = false;  ///< it was on its way out there
};

class PcapngReader {
 public:
  using Take = std::function<void(const CapturedPacket&)>;
  /// Does this begin a pcapng file? Takes four bytes.
  static bool begins(std::string_view bytes);
  /// Takes whole blocks from the beginning of `bytes`; returns how many bytes those were. Fails
  /// with "network.capture" on a section of the other byte order.
  Result<std::size_t> take(std::string_view bytes, const Take& packet);
  /// A block that cannot be one: nothing after it can be read.
  bool broken() const { return broken_; }

 private:
  struct Interface {
    std::string name;
    double resolution = 1e-6;
  };
  void take_interface(std::string_view body);
  void take_packet(std::string_view body, const Take& packet) const;

  std::vector<Interface> interfaces_;
  bool broken_ = false;
};

}  // namespace seatrial::network
