// SPDX-License-Identifier: Apache-2.0
#pragma once
// Switch: the forwarding of a learning Ethernet switch, without any I/O and with the time handed
// in, so that tests turn it by hand. Frames come in by receive(), wait where faults say so, and go
// out through Outside::emit. One thread.
//
//   receive -> link? -> faults "from" the port -> VLAN -> learn, look up -> link? -> faults "to"
//   the other port -> emit
//
// Inside, a frame has no tag and a VLAN number beside it. An access port belongs to one VLAN and
// takes no tagged frames (but priority tags, VLAN 0). A trunk port carries all VLANs or a list of
// them, tagged, and its native one untagged. A cut link ("up" false) drops both directions and
// leaves the other end's carrier alone: a dead network, not a pulled cable.

#include <cstdint>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "workers/network/switch/address_table.hpp"
#include "workers/network/switch/faults.hpp"

namespace seatrial::network {

struct Vlan {
  std::uint16_t number = 1;  ///< of an access port; the native one of a trunk
  bool trunk = false;
  std::vector<std::uint16_t> allowed;  ///< of a trunk; empty: all
  bool carries(std::uint16_t vlan) const;
};

struct PortCounters {
  std::uint64_t in = 0, in_bytes = 0, out = 0, out_bytes = 0;
  std::uint64_t lost_from = 0, lost_to = 0;  ///< by chance, as told
  std::uint64_t cut = 0;                     ///< the link was down
  std::uint64_t queue_full = 0;              ///< no room at this port, or it was not connected
  std::uint64_t duplicated = 0, corrupted = 0;
  std::uint64_t wrong_vlan = 0;  ///< a tag that the port may not carry
  std::uint64_t bad = 0;         ///< shorter than a header, or from a group address
};

/// What the switch does to the world. Called from within its calls.
class Outside {
 public:
  virtual ~Outside() = default;
  /// False: there is no room, or nobody is there.
  virtual bool emit(std::size_t port, std::string_view frame) = 0;
  /// For the capture. `inbound`: it came in at this port; else it should have gone out there.
  virtual void seen(std::size_t port, bool inbound, std::string_view frame,
                    std::string_view comment) = 0;
};

class Switch {
 public:
  Switch(Outside& outside, std::uint64_t seed) : outside_(outside), seed_(seed) {}

  std::size_t add_port(std::string name, Vlan vlan);
  std::size_t ports() const { return ports_.size(); }
  const std::string& name(std::size_t port) const { return ports_[port].name; }

  /// A frame came in at a port. `now` is monotonic.
  void receive(std::size_t port, std::string_view frame, Duration now);
  /// Lets go of what is due.
  void advance(Duration now);
  /// When something is due next.
  std::optional<Duration> next_due() const;

  void set_link(std::size_t port, bool up) { ports_[port].up = up; }
  void set_vlan(std::size_t port, Vlan vlan);
  /// `towards`: frames that go to the port; else those that come from it.
  void set_faults(std::size_t port, bool towards, const Faults& faults);
  void set_seed(std::uint64_t seed);
  /// No faults, all links up, nothing waiting; counters stay.
  void clear();
  /// The other end of a port has gone or changed.
  void forget_port(std::size_t port) { addresses_.forget_port(port); }

  bool up(std::size_t port) const { return ports_[port].up; }
  const Vlan& vlan(std::size_t port) const { return ports_[port].vlan; }
  const Faults& faults(std::size_t port, bool towards) const;
  const PortCounters& counters(std::size_t port) const { return ports_[port].counters; }
  std::uint64_t seed() const { return seed_; }
  const AddressTable& addresses() const { return addresses_; }
  std::size_t waiting() const { return later_.size(); }

 private:
  struct Port {
    std::string name;
    Vlan vlan;
    bool up = true;
    Path from, to;
    PortCounters counters;
  };
  struct Later {
    Duration at;
    std::uint64_t serial;  ///< without it, what is due at one time would go out of order
    std::size_t port;
    bool towards;
    std::string frame;
    bool operator<(const Later& other) const {
      return at != other.at ? at > other.at : serial > other.serial;
    }
  };

  /// The frame's way along a path: lost, now or later, once or twice.
  void travel(std::size_t port, bool towards, std::string_view frame, Duration now);
  void go_on(std::size_t port, bool towards, std::string_view frame, Duration now);
  void forward(std::size_t port, std::string_view frame, Duration now);
  void egress(std::size_t port, std::uint16_t vlan, std::uint16_t priority, std::string_view frame,
              Duration now);
  void emit(std::size_t port, std::string_view frame);
  Path& path(std::size_t port, bool towards) {
    return towards ? ports_[port].to : ports_[port].from;
  }

  Outside& outside_;
  std::uint64_t seed_;
  std::vector<Port> ports_;
  AddressTable addresses_;
  std::priority_queue<Later> later_;
  std::uint64_t serial_ = 0;
};

}  // namespace seatrial::network
