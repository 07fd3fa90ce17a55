// SPDX-License-Identifier: Apache-2.0
// Faults by seed: what happens to which frame, and when it goes on.
#include "workers/network/switch/faults.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/workers/network/switch/frames.hpp"

namespace seatrial::network {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct FaultsTest : ::testing::Test {
  World world;
  Switch ethernet{world, 7};
  std::size_t a = ethernet.add_port("a", {}), b = ethernet.add_port("b", {});
  Duration now = 1s;

  /// What arrives at b of so many frames sent from a, by their numbers.
  std::vector<int> arriving(Switch& from, World& there, int frames) {
    there.sent.clear();
    for (int i = 0; i < frames; ++i) from.receive(a, numbered(i), now);
    from.advance(now + 10s);
    std::vector<int> out;
    for (const auto& one : there.sent[b]) out.push_back(number(one));
    return out;
  }
  std::vector<int> arriving(int frames) { return arriving(ethernet, world, frames); }
  static std::string numbered(int i) {
    return frame(kAll, mac(1), std::string{static_cast<char>(i >> 8), static_cast<char>(i)});
  }
  static int number(const std::string& f) {
    return static_cast<unsigned char>(f[14]) << 8 | static_cast<unsigned char>(f[15]);
  }
};

TEST_F(FaultsTest, loss_is_what_was_asked_for_and_the_same_for_the_same_seed) {
  Faults faults;
  faults.loss = 0.1;
  ethernet.set_faults(b, true, faults);
  const auto first = arriving(10000);
  EXPECT_NEAR(static_cast<double>(first.size()), 9000, 120);
  EXPECT_EQ(ethernet.counters(b).lost_to, 10000 - first.size());
  EXPECT_EQ(world.comments("lost on purpose"), 10000 - first.size());
  ethernet.set_faults(b, true, faults);  // frames are counted anew
  EXPECT_EQ(arriving(10000), first);

  World elsewhere;
  Switch same(elsewhere, 7), other(elsewhere, 8);
  for (auto* one : {&same, &other})
    for (const char* name : {"a", "b"}) one->add_port(name, {});
  same.set_faults(b, true, faults);
  other.set_faults(b, true, faults);
  EXPECT_EQ(arriving(same, elsewhere, 10000), first);
  EXPECT_NE(arriving(other, elsewhere, 10000), first);
}

TEST_F(FaultsTest, one_fault_does_not_change_which_frames_another_takes) {
  Faults loss;
  loss.loss = 0.2;
  ethernet.set_faults(b, true, loss);
  const auto lost = arriving(1000);
  auto more = loss;
  more.jitter = 3ms;
  more.delay = 5ms;
  more.corrupt = 0.5;
  ethernet.set_faults(b, true, more);
  EXPECT_EQ(arriving(1000).size(), lost.size());
}

TEST_F(FaultsTest, each_direction_and_each_port_has_its_own_faults_and_its_own_dice) {
  Faults faults;
  faults.loss = 0.5;
  ethernet.set_faults(b, true, faults);
  const auto towards = arriving(1000);
  ethernet.set_faults(b, true, {});
  ethernet.set_faults(a, false, faults);
  const auto from = arriving(1000);
  EXPECT_NE(towards, from);
  EXPECT_GT(ethernet.counters(a).lost_from, 400u);
  EXPECT_EQ(ethernet.counters(b).lost_from, 0u);
  ethernet.receive(b, frame(mac(1), mac(2)), now);
  EXPECT_THAT(world.sent[a], SizeIs(1)) << "the other way is whole";
}

TEST_F(FaultsTest, all_or_nothing_is_lost_at_the_ends_of_the_scale) {
  Faults faults;
  faults.loss = 1;
  ethernet.set_faults(b, true, faults);
  EXPECT_THAT(arriving(2000), IsEmpty());
  ethernet.set_faults(b, true, {});
  EXPECT_THAT(arriving(2000), SizeIs(2000));
}

TEST_F(FaultsTest, a_delayed_frame_comes_when_it_is_due_and_not_before) {
  Faults faults;
  faults.delay = 200ms;
  ethernet.set_faults(b, true, faults);
  ethernet.receive(a, numbered(1), now);
  EXPECT_EQ(ethernet.next_due(), now + 200ms);
  ethernet.advance(now + 200ms - 1ns);
  EXPECT_THAT(world.sent[b], IsEmpty());
  ethernet.advance(now + 200ms);
  EXPECT_THAT(world.sent[b], SizeIs(1));
  EXPECT_EQ(ethernet.next_due(), std::nullopt);
}

TEST_F(FaultsTest, order_is_kept_when_the_delay_varies_or_gets_shorter) {
  Faults faults;
  faults.delay = 20ms;
  faults.jitter = 20ms;
  ethernet.set_faults(b, true, faults);
  std::vector<int> wanted;
  for (int i = 0; i < 500; ++i) {
    ethernet.receive(a, numbered(i), now);
    now += 1ms;
    wanted.push_back(i);
  }
  ethernet.set_faults(b, true, {});
  ethernet.receive(a, numbered(500), now);
  wanted.push_back(500);
  ethernet.advance(now + 1s);
  std::vector<int> got;
  for (const auto& one : world.sent[b]) got.push_back(number(one));
  EXPECT_EQ(got, wanted);
}

TEST_F(FaultsTest, reordered_frames_are_overtaken_and_nothing_is_lost) {
  Faults faults;
  faults.reorder = 0.1;
  faults.reorder_by = 5ms;
  ethernet.set_faults(b, true, faults);
  int out_of_order = 0, before = -1;
  for (int i = 0; i < 1000; ++i) {
    ethernet.receive(a, numbered(i), now);
    now += 1ms;
  }
  ethernet.advance(now + 1s);
  ASSERT_THAT(world.sent[b], SizeIs(1000));
  for (const auto& one : world.sent[b]) {
    out_of_order += number(one) < before;
    before = number(one);
  }
  EXPECT_GT(out_of_order, 60);
  EXPECT_LT(out_of_order, 140);
}

TEST_F(FaultsTest, duplicates_are_two_of_the_same) {
  Faults faults;
  faults.duplicate = 1;
  ethernet.set_faults(b, true, faults);
  EXPECT_THAT(arriving(2), ElementsAre(0, 0, 1, 1));
  EXPECT_EQ(ethernet.counters(b).duplicated, 2u);
}

TEST_F(FaultsTest, a_corrupted_frame_differs_in_one_bit_behind_its_header) {
  Faults faults;
  faults.corrupt = 1;
  ethernet.set_faults(b, true, faults);
  const auto whole = frame(kAll, mac(1), std::string(100, '\0'));
  for (int i = 0; i < 50; ++i) ethernet.receive(a, whole, now);
  ASSERT_THAT(world.sent[b], SizeIs(50));
  for (const auto& one : world.sent[b]) {
    EXPECT_EQ(one.substr(0, 14), whole.substr(0, 14));
    int bits = 0;
    for (std::size_t i = 14; i < one.size(); ++i)
      bits += __builtin_popcount(static_cast<unsigned char>(one[i]));
    EXPECT_EQ(bits, 1);
  }
  EXPECT_NE(world.sent[b][0], world.sent[b][1]);
  ethernet.receive(a, frame(kAll, mac(1), ""), now);  // nothing to corrupt
  EXPECT_EQ(world.sent[b].back().size(), 14u);
}

TEST_F(FaultsTest, a_rate_makes_frames_wait_for_those_before_them) {
  Faults faults;
  faults.rate_kbit = 800;  // 100 bytes take 1 ms
  ethernet.set_faults(b, true, faults);
  const auto hundred = frame(kAll, mac(1), std::string(86, 'x'));
  for (int i = 0; i < 1000; ++i) ethernet.receive(a, hundred, now);
  ethernet.advance(now + 500ms + 1us);
  EXPECT_THAT(world.sent[b], SizeIs(500));
  ethernet.advance(now + 1001ms);
  EXPECT_THAT(world.sent[b], SizeIs(1000));
}

TEST_F(FaultsTest, what_waits_is_bounded) {
  Faults faults;
  faults.delay = 60s;
  ethernet.set_faults(b, true, faults);
  for (std::size_t i = 0; i < Path::kMostWaiting + 100; ++i) ethernet.receive(a, numbered(1), now);
  EXPECT_EQ(ethernet.waiting(), Path::kMostWaiting);
  EXPECT_EQ(ethernet.counters(b).queue_full, 100u);
  ethernet.clear();
  EXPECT_EQ(ethernet.waiting(), 0u);
  EXPECT_THAT(arriving(3), ElementsAre(0, 1, 2)) << "clear() leaves nothing behind";
}

TEST_F(FaultsTest, a_frame_that_waits_when_the_link_is_cut_does_not_arrive) {
  Faults faults;
  faults.delay = 1s;
  ethernet.set_faults(b, true, faults);
  ethernet.receive(a, numbered(1), now);
  ethernet.set_link(b, false);
  ethernet.advance(now + 2s);
  EXPECT_THAT(world.sent[b], IsEmpty());
  EXPECT_EQ(ethernet.counters(b).cut, 1u);
}

}  // namespace
}  // namespace seatrial::network
