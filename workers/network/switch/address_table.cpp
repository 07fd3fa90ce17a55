// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/address_table.hpp"

#include "workers/network/switch/frame.hpp"

namespace seatrial::network {

void AddressTable::learn(std::uint16_t vlan, std::uint64_t mac, std::size_t port, Duration now) {
  if (is_group(mac)) return;
  const auto known = entries_.find(key(vlan, mac));
  if (known != entries_.end()) {
    known->second = {port, now};
    return;
  }
  // A flood of addresses must not make every frame walk the whole table: one walk a second.
  if (entries_.size() >= most_ && now - swept_ >= std::chrono::seconds(1)) {
    swept_ = now;
    std::erase_if(entries_, [&](const auto& entry) { return now - entry.second.seen > age_; });
  }
  if (entries_.size() >= most_) {
    ++refused_;
    return;
  }
  entries_.emplace(key(vlan, mac), Entry{port, now});
}

std::optional<std::size_t> AddressTable::find(std::uint16_t vlan, std::uint64_t mac,
                                              Duration now) const {
  const auto known = entries_.find(key(vlan, mac));
  if (known == entries_.end() || now - known->second.seen > age_) return std::nullopt;
  return known->second.port;
}

void AddressTable::forget_port(std::size_t port) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.port == port; });
}

}  // namespace seatrial::network
