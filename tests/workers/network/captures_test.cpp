// SPDX-License-Identifier: Apache-2.0
// Captures that grow while they are read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/io/file.hpp"
#include "tests/workers/network/packets.hpp"
#include "workers/network/pcap.hpp"

namespace seatrial::network {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;
namespace fs = std::filesystem;

/// All that is in there, as text to compare.
std::string text(const drivers::NetworkSeen& seen) {
  std::string out;
  for (const auto& message : seen.dhcp)
    out += message.type + "@" + std::to_string(message.at) + " " + message.mac + " " +
           message.address + ";";
  for (const auto& source : seen.sources) out += " from " + source;
  for (const auto& name : seen.mdns) out += " named " + name;
  return out;
}

std::string address(int last) { return std::string("\x0a\x00\x02", 3) + static_cast<char>(last); }
std::string plain(const std::string& source) { return udp(kDut, source, 1000, 2000, "hello"); }

struct GrowingCaptures : ::testing::Test {
  io::TempDir dir = io::TempDir::make("captures_test").value();
  CaptureFolder folder{dir.path()};

  fs::path file(int start) const {
    return dir.path() / ("packets-" + std::to_string(start) + ".pcap");
  }
  void append(int start, const std::string& bytes) const {
    std::ofstream(file(start), std::ios::binary | std::ios::app) << bytes;
  }
  /// What the folder shows, which must be what a first look at the same files shows.
  drivers::NetworkSeen look(double since = 0) {
    const auto seen = folder.observe(since);
    const auto fresh = observe_folder(dir.path(), since);
    EXPECT_TRUE(seen.has_value() && fresh.has_value());
    EXPECT_EQ(text(*seen), text(*fresh));
    return *seen;
  }
};

TEST_F(GrowingCaptures, cut_at_any_byte_are_read_on_when_the_rest_comes) {
  const auto whole = capture();
  std::size_t dhcp = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    append(1, whole.substr(i, 1));
    const auto seen = look();
    const auto wanted = observe_pcap_bytes(whole.substr(0, i + 1), 0);
    ASSERT_EQ(text(seen), text(*wanted)) << i;
    EXPECT_GE(seen.dhcp.size(), dhcp);
    dhcp = seen.dhcp.size();
  }
  EXPECT_EQ(dhcp, 2u);
  EXPECT_THAT(look().mdns, ElementsAre("dut.local"));
}

TEST_F(GrowingCaptures, cost_only_what_is_new) {
  append(1, pcap_header());
  for (std::uint32_t i = 0; i < 2000; ++i) append(1, packet(i, plain(address(15))));
  look();
  const auto first = folder.bytes_read();
  EXPECT_EQ(first, fs::file_size(file(1)));
  for (int i = 0; i < 10; ++i) look();
  EXPECT_EQ(folder.bytes_read(), first) << "nothing was new";
  const auto more = packet(3000, plain(address(16)));
  append(1, more);
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.15", "10.0.2.16"));
  EXPECT_EQ(folder.bytes_read(), first + more.size());
}

TEST_F(GrowingCaptures, larger_than_one_read_are_read_whole) {
  append(1, pcap_header());
  const std::string large = plain(address(15)) + std::string(200'000, 'x');
  for (std::uint32_t i = 0; i < 12; ++i) append(1, packet(i, large));
  append(1, packet(50, plain(address(16))));
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.15", "10.0.2.16"));
}

TEST_F(GrowingCaptures, a_new_start_is_joined_and_an_old_one_may_still_grow) {
  EXPECT_THAT(look().sources, IsEmpty());
  append(1, pcap_header() + packet(10, plain(address(15))));
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.15"));
  append(2, "");  // begun, nothing written yet
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.15"));
  append(2, pcap_header() + packet(20, plain(address(17))));
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.15", "10.0.2.17"));
  append(1, packet(11, plain(address(16))));  // what QEMU had still to write
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.15", "10.0.2.16", "10.0.2.17"));
  append(4, pcap_header() + packet(40, plain(address(19))));
  EXPECT_EQ(look().sources.size(), 3u) << "the fourth start has no third before it";
  append(3, pcap_header() + packet(30, plain(address(18))));
  EXPECT_EQ(look().sources.size(), 5u);
}

TEST_F(GrowingCaptures, a_file_that_is_begun_anew_or_goes_is_forgotten) {
  append(1, pcap_header() + packet(10, plain(address(15))) + packet(11, plain(address(16))));
  append(2, pcap_header() + packet(20, plain(address(17))));
  EXPECT_EQ(look().sources.size(), 3u);
  fs::resize_file(file(1), 0);
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.17"));
  append(1, pcap_header() + packet(30, plain(address(18))));
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.18", "10.0.2.17"));
  // Replaced by a longer one of the same name.
  ASSERT_TRUE(
      io::write_file_atomic(file(1), capture() + packet(200, plain(address(19)))).has_value());
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.15", "10.0.2.19", "10.0.2.17"));
  fs::remove(file(1));
  EXPECT_THAT(look().sources, IsEmpty());
}

TEST_F(GrowingCaptures, each_look_may_ask_for_another_time) {
  append(1, capture());
  EXPECT_EQ(look(0).dhcp.size(), 2u);
  EXPECT_EQ(look(101).dhcp.size(), 1u);
  EXPECT_EQ(look(102).mdns.size(), 1u);
  EXPECT_EQ(look(103).mdns.size(), 0u);
  EXPECT_EQ(look(0).dhcp.size(), 2u) << "asked for earlier times again";
}

TEST_F(GrowingCaptures, what_is_no_capture_is_refused_each_time) {
  append(1, std::string(100, 'x'));
  for (int i = 0; i < 2; ++i) {
    const auto seen = folder.observe(0);
    ASSERT_FALSE(seen.has_value());
    EXPECT_EQ(seen.error().code(), "network.capture");
  }
}

TEST_F(GrowingCaptures, nothing_is_read_after_a_record_that_cannot_be_one) {
  append(1, pcap_header() + packet(10, plain(address(15))));
  append(1, std::string(16, '\xff') + packet(11, plain(address(16))));
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.15"));
  const auto read = folder.bytes_read();
  append(1, packet(12, plain(address(17))));
  EXPECT_THAT(look().sources, ElementsAre("10.0.2.15"));
  EXPECT_EQ(folder.bytes_read(), read);
}

/// The order of first appearance among what is not before `since`, worked out the simple way.
struct Appearance {
  double at;
  std::string value;
};
std::vector<std::string> first_seen(const std::vector<Appearance>& all, double since) {
  std::vector<std::string> out;
  for (const auto& one : all)
    if (one.at >= since && std::find(out.begin(), out.end(), one.value) == out.end())
      out.push_back(one.value);
  return out;
}

TEST_F(GrowingCaptures, show_values_in_the_order_of_their_first_appearance_since_any_time) {
  std::mt19937 random(11);
  std::vector<Appearance> sources, names;
  append(1, pcap_header());
  for (int round = 0; round < 400; ++round) {
    // A clock that was set makes times step back.
    const auto when = static_cast<std::uint32_t>(1000 + round / 4 - static_cast<int>(random() % 9));
    const int last = 15 + static_cast<int>(random() % 3);
    sources.push_back({static_cast<double>(when), "10.0.2." + std::to_string(last)});
    if (random() % 2) {
      append(1, packet(when, plain(address(last))));
    } else {
      std::vector<std::string> told;
      for (auto n = 1 + random() % 3; n > 0; --n)
        told.push_back("n" + std::to_string(random() % 4) + ".local");
      for (const auto& name : told) names.push_back({static_cast<double>(when), name});
      append(1, packet(when, announce(address(last), told)));
    }
    const auto since = static_cast<double>(990 + random() % 120);
    const auto seen = folder.observe(since);
    ASSERT_TRUE(seen.has_value());
    ASSERT_EQ(seen->sources, first_seen(sources, since)) << round;
    ASSERT_EQ(seen->mdns, first_seen(names, since)) << round;
  }
}

TEST_F(GrowingCaptures, of_a_machine_whose_clock_goes_back_keep_their_order_with_the_looks) {
  HandClock clock;
  CaptureFolder held(dir.path(), &clock);
  const auto stamp = [&] { return static_cast<std::uint32_t>(seconds(clock.wall())); };
  append(1, pcap_header() + packet(stamp() + 1000, announce(address(15), {"old.local"})));
  clock.advance(std::chrono::seconds(10));
  const auto before = held.observe(1e18);
  ASSERT_TRUE(before.has_value());
  EXPECT_EQ(before->at, 10);
  EXPECT_THAT(held.observe(before->at)->mdns, IsEmpty()) << "nothing is younger than its look";
  clock.advance(std::chrono::seconds(10));
  append(1, packet(stamp() - 1000, announce(address(15), {"new.local"})));
  EXPECT_THAT(held.observe(before->at)->mdns, ElementsAre("new.local"));
  append(1, packet(stamp() - 2000, announce(address(15), {"old.local"})));
  EXPECT_THAT(held.observe(before->at)->mdns, ElementsAre("new.local", "old.local"));
}

TEST_F(GrowingCaptures, of_a_host_whose_wall_clock_steps_keep_their_times) {
  for (const auto step : {std::chrono::hours(-1), std::chrono::hours(1)}) {
    HandClock clock;
    CaptureFolder held(dir.path(), &clock);
    const auto began = static_cast<std::uint32_t>(seconds(clock.wall()));
    append(1, pcap_header() + packet(began, announce(address(15), {"first.local"})));
    ASSERT_TRUE(held.observe(0).has_value());  // as when the machine starts
    clock.advance(std::chrono::seconds(100));
    append(1, packet(began + 90, announce(address(15), {"early.local"})));
    append(1, packet(began + 98, announce(address(15), {"late.local"})));
    clock.step(step);
    EXPECT_THAT(held.observe(95)->mdns, ElementsAre("late.local"));
    EXPECT_THAT(held.observe(0)->mdns, ElementsAre("first.local", "early.local", "late.local"));
    fs::remove(dir.path() / "packets-1.pcap");
  }
}

}  // namespace
}  // namespace seatrial::network
