// SPDX-License-Identifier: Apache-2.0
// What a guest's NIC puts on its byte stream: framing, then forwarding with VLANs and faults.
#include "tests/fuzz/fuzz.hpp"
#include "workers/network/switch/framing.hpp"
#include "workers/network/switch/switch.hpp"

namespace seatrial::fuzz {
namespace {

using namespace std::chrono_literals;

struct World final : network::Outside {
  bool emit(std::size_t port, std::string_view frame) override {
    check(port != from, "a frame went back where it came from");
    check(frame.size() <= largest + network::kVlanTag, "a frame grew");
    check(frame.size() >= network::kEthernetHeader, "less than a header was sent");
    // the third port is of VLAN 20 alone, and takes no tags; the fourth carries 30 and its own
    const auto tag = network::tag_of(frame);
    if (port == 3 && tag && from != 3) check((*tag & 0xfff) != 20, "VLAN 20 leaked");
    ++emitted;
    return emitted % 7 != 0;
  }
  void seen(std::size_t, bool, std::string_view, std::string_view) override {}
  std::size_t from = 0, largest = 0, emitted = 0;
};

void run(std::string_view bytes) {
  World world;
  network::Switch ethernet(world, 7);
  ethernet.add_port("nic0", {1, true, {}});
  ethernet.add_port("nic1", {1, false, {}});
  ethernet.add_port("nic2", {20, false, {}});
  ethernet.add_port("nic3", {1, true, {30}});
  network::Faults faults;
  faults.loss = faults.duplicate = faults.corrupt = faults.reorder = 0.1;
  faults.jitter = faults.delay = 2ms;
  faults.rate_kbit = 10'000;
  Duration now = 1s;
  network::Unframer unframer;
  std::size_t frames = 0;
  const auto take = [&](std::string_view frame) {
    world.from = frames++ % 4;
    world.largest = std::max(world.largest, frame.size());
    ethernet.receive(world.from, frame, now);
    now += 100us;
  };
  const bool whole = unframer.feed(bytes.substr(0, bytes.size() / 2), take) &&
                     unframer.feed(bytes.substr(bytes.size() / 2), take);
  check(!whole || unframer.held() <= network::kLargestFrame + 4, "too much is held back");
  std::uint64_t in = 0;
  for (std::size_t i = 0; i < ethernet.ports(); ++i) in += ethernet.counters(i).in;
  check(in == frames, "frames that were not counted");
  ethernet.set_faults(0, true, faults);
  ethernet.set_faults(1, false, faults);
  world.from = 99;  // delayed frames come out at another turn than the one they came in
  network::Unframer again;
  (void)again.feed(bytes, [&](std::string_view frame) {
    world.largest = std::max(world.largest, frame.size());
    ethernet.receive(1, frame, now);
  });
  ethernet.advance(now + 1h);  // from a port, then
  ethernet.advance(now + 2h);  // to another
  check(ethernet.waiting() == 0, "a frame waits for ever");
}

std::string framed(std::initializer_list<std::string> frames) {
  std::string out;
  for (const auto& frame : frames) network::append_framed(out, frame);
  return out;
}

const std::string kHosts = std::string(6, '\xff') + std::string("\x52\x54\0\0\0\1", 6);

const Registration registration(
    {"ethernet",
     run,
     {framed({kHosts + "\x08\x06hello", kHosts + std::string("\x81\0\0\x14\x08\0payload", 13)}),
      framed({"", "x", std::string(1514, 'y')}), "\xff\xff\xff\xff"},
     {kHosts, std::string("\x81\0\0\x14", 4), std::string("\x81\0\xff\xff", 4),
      std::string("\0\0\0\x40", 4), std::string("\0\x01\x10\0", 4)},
     5000});

}  // namespace
}  // namespace seatrial::fuzz
