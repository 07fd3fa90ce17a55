// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/switch.hpp"

#include <algorithm>

#include "workers/network/switch/frame.hpp"

namespace seatrial::network {
namespace {

constexpr std::uint16_t kVlanMask = 0x0fff, kReserved = 0x0fff;

std::string flipped(std::string_view frame, std::uint64_t bit) {
  std::string out(frame);
  const auto payload = out.size() - kEthernetHeader;
  if (payload == 0) return out;
  bit %= payload * 8;
  out[kEthernetHeader + bit / 8] ^= static_cast<char>(1u << bit % 8);
  return out;
}

}  // namespace

bool Vlan::carries(std::uint16_t vlan) const {
  if (vlan == number) return true;
  return trunk &&
         (allowed.empty() || std::find(allowed.begin(), allowed.end(), vlan) != allowed.end());
}

std::size_t Switch::add_port(std::string name, Vlan vlan) {
  const auto from = path_seed(seed_, name, false), to = path_seed(seed_, name, true);
  ports_.push_back({std::move(name), std::move(vlan), true, Path(from), Path(to), {}});
  return ports_.size() - 1;
}

void Switch::receive(std::size_t port, std::string_view frame, Duration now) {
  advance(now);  // what is due goes first
  auto& counters = ports_[port].counters;
  ++counters.in;
  counters.in_bytes += frame.size();
  if (frame.size() < kEthernetHeader || frame.size() > kLargestFrame ||
      is_group(source_of(frame))) {
    ++counters.bad;
    outside_.seen(port, true, frame, "not a frame: dropped");
    return;
  }
  if (!ports_[port].up) {
    ++counters.cut;
    outside_.seen(port, true, frame, "link down: dropped");
    return;
  }
  travel(port, false, frame, now);
}

void Switch::travel(std::size_t port, bool towards, std::string_view frame, Duration now) {
  Path& way = path(port, towards);
  auto& counters = ports_[port].counters;
  const Fate fate = way.decide(frame.size(), now);
  if (fate.lost == Fate::Loss::by_chance) {
    ++(towards ? counters.lost_to : counters.lost_from);
    outside_.seen(port, !towards, frame, "lost on purpose");
    return;
  }
  if (fate.lost == Fate::Loss::queue_full) {
    ++counters.queue_full;
    outside_.seen(port, !towards, frame, "queue full: dropped");
    return;
  }
  std::string changed;
  if (fate.flip) {
    ++counters.corrupted;
    changed = flipped(frame, *fate.flip);
    frame = changed;
  }
  // What comes in is always in the capture; what goes out, where it is not what came in.
  if (!towards || fate.flip || fate.twice)
    outside_.seen(port, !towards, frame,
                  fate.flip    ? "corrupted on purpose"
                  : fate.twice ? "duplicated on purpose"
                               : "");
  if (fate.twice) ++counters.duplicated;
  for (int copy = fate.twice ? 2 : 1; copy > 0; --copy) {
    if (fate.at <= now) {
      go_on(port, towards, frame, now);
      continue;
    }
    way.waits(frame.size());
    later_.push({fate.at, ++serial_, port, towards, std::string(frame)});
  }
}

void Switch::go_on(std::size_t port, bool towards, std::string_view frame, Duration now) {
  if (towards)
    emit(port, frame);
  else
    forward(port, frame, now);
}

void Switch::forward(std::size_t port, std::string_view frame, Duration now) {
  Port& in = ports_[port];
  std::uint16_t vlan = in.vlan.number, priority = 0;
  std::string bare;
  if (const auto tag = tag_of(frame)) {
    const auto wanted = static_cast<std::uint16_t>(*tag & kVlanMask);
    if (wanted == kReserved || (wanted != 0 && (!in.vlan.trunk || !in.vlan.carries(wanted)))) {
      ++in.counters.wrong_vlan;
      outside_.seen(port, true, frame, "VLAN not allowed here: dropped");
      return;
    }
    if (wanted != 0) vlan = wanted;
    priority = static_cast<std::uint16_t>(*tag & ~kVlanMask);
    bare = untagged(frame);
    frame = bare;
  }
  const auto destination = destination_of(frame);
  addresses_.learn(vlan, source_of(frame), port, now);
  const auto known = is_group(destination) ? std::nullopt : addresses_.find(vlan, destination, now);
  for (std::size_t to = 0; to < ports_.size(); ++to) {
    if (to == port || (known && *known != to) || !ports_[to].vlan.carries(vlan)) continue;
    egress(to, vlan, priority, frame, now);
  }
}

void Switch::egress(std::size_t port, std::uint16_t vlan, std::uint16_t priority,
                    std::string_view frame, Duration now) {
  Port& out = ports_[port];
  std::string tagged;
  if (out.vlan.trunk && vlan != out.vlan.number) {
    tagged = with_tag(frame, static_cast<std::uint16_t>(priority | vlan));
    frame = tagged;
  }
  if (!out.up) {
    ++out.counters.cut;
    outside_.seen(port, false, frame, "link down: dropped");
    return;
  }
  travel(port, true, frame, now);
}

void Switch::emit(std::size_t port, std::string_view frame) {
  auto& out = ports_[port];
  if (!out.up) {  // cut while the frame was on its way
    ++out.counters.cut;
    outside_.seen(port, false, frame, "link down: dropped");
    return;
  }
  if (!outside_.emit(port, frame)) {
    ++out.counters.queue_full;
    outside_.seen(port, false, frame, "no room or not connected: dropped");
    return;
  }
  ++out.counters.out;
  out.counters.out_bytes += frame.size();
}

void Switch::advance(Duration now) {
  while (!later_.empty() && later_.top().at <= now) {
    const Later due = later_.top();
    later_.pop();
    path(due.port, due.towards).waited(due.frame.size());
    go_on(due.port, due.towards, due.frame, now);
  }
}

std::optional<Duration> Switch::next_due() const {
  if (later_.empty()) return std::nullopt;
  return later_.top().at;
}

void Switch::set_vlan(std::size_t port, Vlan vlan) {
  ports_[port].vlan = std::move(vlan);
  addresses_.forget_port(port);
}

void Switch::set_faults(std::size_t port, bool towards, const Faults& faults) {
  path(port, towards).set(faults);
}

const Faults& Switch::faults(std::size_t port, bool towards) const {
  return (towards ? ports_[port].to : ports_[port].from).faults();
}

void Switch::set_seed(std::uint64_t seed) {
  seed_ = seed;
  for (auto& port : ports_) {
    port.from.reseed(path_seed(seed, port.name, false));
    port.to.reseed(path_seed(seed, port.name, true));
  }
}

void Switch::clear() {
  later_ = {};
  for (auto& port : ports_) {
    port.up = true;
    for (Path* path : {&port.from, &port.to}) {
      path->forget();
      path->set({});
    }
  }
}

}  // namespace seatrial::network
