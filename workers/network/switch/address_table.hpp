// SPDX-License-Identifier: Apache-2.0
#pragma once
// AddressTable: behind which port an address was seen last, for each VLAN. Bounded: when it is full
// and nothing in it is too old, an address is not learned and its frames go to all ports.

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "core/base/clock.hpp"

namespace seatrial::network {

class AddressTable {
 public:
  explicit AddressTable(std::size_t most = 4096, Duration age = std::chrono::seconds(300))
      : most_(most), age_(age) {}
  /// Group addresses are nobody's and are not learned.
  void learn(std::uint16_t vlan, std::uint64_t mac, std::size_t port, Duration now);
  std::optional<std::size_t> find(std::uint16_t vlan, std::uint64_t mac, Duration now) const;
  /// Everything behind a port whose other end has gone.
  void forget_port(std::size_t port);
  void clear() { entries_.clear(); }
  std::size_t size() const { return entries_.size(); }
  /// How often an address found no room.
  std::uint64_t refused() const { return refused_; }

 private:
  struct Entry {
    std::size_t port;
    Duration seen;
  };
  static std::uint64_t key(std::uint16_t vlan, std::uint64_t mac) {
    return static_cast<std::uint64_t>(vlan) << 48 | mac;
  }
  std::size_t most_;
  Duration age_;
  Duration swept_{};
  std::uint64_t refused_ = 0;
  std::unordered_map<std::uint64_t, Entry> entries_;
};

}  // namespace seatrial::network
