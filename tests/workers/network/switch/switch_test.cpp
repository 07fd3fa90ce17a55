// SPDX-License-Identifier: Apache-2.0
// Forwarding: learning, VLANs, cut links.
#include "workers/network/switch/switch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/workers/network/switch/frames.hpp"

namespace seatrial::network {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct SwitchTest : ::testing::Test {
  World world;
  Switch ethernet{world, 7};
  Duration now = 1s;

  std::size_t access(const std::string& name, std::uint16_t vlan = 1) {
    return ethernet.add_port(name, Vlan{vlan, false, {}});
  }
  std::size_t trunk(const std::string& name, std::uint16_t native,
                    std::vector<std::uint16_t> allowed = {}) {
    return ethernet.add_port(name, Vlan{native, true, std::move(allowed)});
  }
  void receive(std::size_t port, const std::string& frame) { ethernet.receive(port, frame, now); }
};

TEST_F(SwitchTest, an_unknown_address_goes_everywhere_and_a_known_one_to_its_port_alone) {
  const auto a = access("a"), b = access("b"), c = access("c");
  const auto question = frame(mac(2), mac(1)), answer = frame(mac(1), mac(2));
  receive(a, question);
  EXPECT_THAT(world.sent[a], IsEmpty()) << "nothing goes back where it came from";
  EXPECT_THAT(world.sent[b], ElementsAre(question));
  EXPECT_THAT(world.sent[c], ElementsAre(question));
  world.sent.clear();
  receive(b, answer);
  EXPECT_THAT(world.sent[a], ElementsAre(answer));
  EXPECT_THAT(world.sent[c], IsEmpty());
}

TEST_F(SwitchTest, a_host_that_moves_is_found_at_its_new_port) {
  const auto a = access("a"), b = access("b"), c = access("c");
  receive(a, frame(kAll, mac(1)));
  receive(b, frame(kAll, mac(1)));
  world.sent.clear();
  receive(c, frame(mac(1), mac(3)));
  EXPECT_THAT(world.sent[a], IsEmpty());
  EXPECT_THAT(world.sent[b], SizeIs(1));
}

TEST_F(SwitchTest, addresses_are_forgotten_after_five_minutes_and_when_a_port_loses_its_other_end) {
  const auto a = access("a"), b = access("b"), c = access("c");
  receive(a, frame(kAll, mac(1)));
  world.sent.clear();
  now += 301s;
  receive(b, frame(mac(1), mac(2)));
  EXPECT_THAT(world.sent[c], SizeIs(1)) << "too old to be believed";
  ethernet.forget_port(b);
  world.sent.clear();
  receive(a, frame(mac(2), mac(1)));
  EXPECT_THAT(world.sent[c], SizeIs(1)) << "whoever was there is gone";
}

TEST_F(SwitchTest, a_flood_of_addresses_fills_the_table_and_no_more) {
  const auto a = access("a"), b = access("b");
  for (int i = 0; i < 10000; ++i)
    receive(a, frame(kAll, std::string("\x02\0\0\0", 4) + static_cast<char>(i >> 8) +
                               static_cast<char>(i)));
  EXPECT_EQ(ethernet.addresses().size(), 4096u);
  EXPECT_EQ(ethernet.addresses().refused(), 10000u - 4096u);
  EXPECT_EQ(world.sent[b].size(), 10000u) << "frames go on";
  now += 301s;
  receive(a, frame(kAll, mac(9)));
  EXPECT_EQ(ethernet.addresses().size(), 1u) << "the old ones made room";
}

TEST_F(SwitchTest, what_is_no_frame_is_dropped_and_counted) {
  const auto a = access("a"), b = access("b");
  receive(a, "");
  receive(a, std::string(13, 'x'));
  receive(a, std::string(kLargestFrame + 1, '\0'));
  receive(a, frame(mac(1), kAll));  // nobody sends from a group address
  EXPECT_THAT(world.sent[b], IsEmpty());
  EXPECT_EQ(ethernet.counters(a).bad, 4u);
}

TEST_F(SwitchTest, access_ports_of_two_VLANs_are_two_networks) {
  const auto a = access("a", 10), b = access("b", 10), c = access("c", 20), d = access("d", 20);
  receive(a, frame(kAll, mac(1)));
  receive(c, frame(mac(1), mac(3)));  // the address is known, but in the other network
  EXPECT_THAT(world.sent[b], SizeIs(1));
  EXPECT_THAT(world.sent[a], IsEmpty());
  EXPECT_THAT(world.sent[d], SizeIs(1));
}

TEST_F(SwitchTest, a_trunk_carries_VLANs_with_tags_and_its_native_one_without) {
  const auto t = trunk("t", 1), a = access("a", 1), b = access("b", 20);
  const auto plain = frame(kAll, mac(1)), other = frame(kAll, mac(2));
  receive(a, plain);
  receive(b, other);
  EXPECT_THAT(world.sent[t], ElementsAre(plain, with_tag(other, 20)));
  world.sent.clear();
  const auto answer = frame(mac(2), mac(9));
  receive(t, with_tag(answer, 0x6000 | 20));  // with a priority
  EXPECT_THAT(world.sent[b], ElementsAre(answer));
  EXPECT_THAT(world.sent[a], IsEmpty());
}

TEST_F(SwitchTest, the_priority_of_a_tag_goes_on_over_a_trunk) {
  const auto t = trunk("t", 1), u = trunk("u", 1);
  const auto tagged = with_tag(frame(kAll, mac(1)), 0xa000 | 20);
  receive(t, tagged);
  EXPECT_THAT(world.sent[u], ElementsAre(tagged));
}

TEST_F(SwitchTest, tags_that_a_port_may_not_carry_are_dropped_and_counted) {
  const auto a = access("a", 10), t = trunk("t", 1, {10}), b = access("b", 20);
  receive(a, with_tag(frame(kAll, mac(1)), 20));
  receive(a, with_tag(frame(kAll, mac(1)), 10));
  receive(t, with_tag(frame(kAll, mac(2)), 20));
  receive(t, with_tag(frame(kAll, mac(2)), 4095));
  EXPECT_THAT(world.sent[b], IsEmpty());
  EXPECT_THAT(world.sent[t], IsEmpty());
  EXPECT_EQ(ethernet.counters(a).wrong_vlan, 2u);
  EXPECT_EQ(ethernet.counters(t).wrong_vlan, 2u);
  receive(b, frame(kAll, mac(3)));
  EXPECT_THAT(world.sent[t], IsEmpty()) << "the trunk is not to carry 20";
  receive(a, with_tag(frame(kAll, mac(1)), 0xe000));  // a priority, no VLAN
  EXPECT_THAT(world.sent[t], ElementsAre(with_tag(frame(kAll, mac(1)), 0xe000 | 10)));
}

TEST_F(SwitchTest, a_cut_link_drops_both_ways_and_says_so_in_the_capture) {
  const auto a = access("a"), b = access("b");
  ethernet.set_link(a, false);
  receive(a, frame(kAll, mac(1)));
  receive(b, frame(kAll, mac(2)));
  EXPECT_THAT(world.sent[a], IsEmpty());
  EXPECT_THAT(world.sent[b], IsEmpty());
  EXPECT_EQ(ethernet.counters(a).cut, 2u);
  EXPECT_EQ(world.comments("link down: dropped"), 2u);
  ethernet.set_link(a, true);
  receive(b, frame(kAll, mac(2)));
  EXPECT_THAT(world.sent[a], SizeIs(1));
}

TEST_F(SwitchTest, a_port_without_room_drops_and_counts) {
  const auto a = access("a"), b = access("b");
  world.full = true;
  receive(a, frame(kAll, mac(1)));
  EXPECT_EQ(ethernet.counters(b).queue_full, 1u);
  EXPECT_EQ(ethernet.counters(b).out, 0u);
}

TEST_F(SwitchTest, each_frame_is_in_the_capture_once_at_the_port_where_it_came_in) {
  const auto a = access("a"), b = access("b");
  access("c");
  receive(a, frame(kAll, mac(1)));
  receive(b, frame(mac(1), mac(2)));
  ASSERT_THAT(world.capture, SizeIs(2));
  EXPECT_EQ(world.capture[0].port, a);
  EXPECT_EQ(world.capture[1].port, b);
  EXPECT_TRUE(world.capture[0].inbound && world.capture[1].inbound);
  EXPECT_EQ(world.capture[0].comment, "");
}

}  // namespace
}  // namespace seatrial::network
