// SPDX-License-Identifier: Apache-2.0
// Captures of our switch: what it writes is what we read.
#include "workers/network/pcapng.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/file.hpp"
#include "tests/workers/network/packets.hpp"
#include "workers/network/pcap.hpp"
#include "workers/network/switch/capture_file.hpp"
#include "workers/network/switch/pcapng_writer.hpp"

namespace seatrial::network {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kPorts{"nic0", "lab0"};
const std::string kGateway("\x02\0\0\0\0\x01", 6);

struct Read {
  std::string interface, frame, comment;
  double at;
  bool outbound;
};

std::vector<Read> read(std::string_view bytes, std::size_t* taken = nullptr) {
  PcapngReader reader;
  std::vector<Read> out;
  const auto n = reader.take(bytes, [&](const CapturedPacket& packet) {
    out.push_back({std::string(packet.interface), std::string(packet.frame),
                   std::string(packet.comment), packet.at, packet.outbound});
  });
  EXPECT_TRUE(n.has_value());
  if (taken) *taken = n.value_or(0);
  return out;
}

TEST(Pcapng, what_the_switch_writes_is_read_back) {
  const auto stamp = 1'700'000'000s + 123'456'789ns;
  const auto bytes = pcapng::header(kPorts, "seed 7") +
                     pcapng::packet(0, true, "first frame", stamp, "") +
                     pcapng::packet(1, false, "second", stamp + 1s, "lost on purpose") +
                     pcapng::packet(1, true, "", stamp, "empty");
  const auto all = read(bytes);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].interface, "nic0");
  EXPECT_EQ(all[0].frame, "first frame");
  EXPECT_EQ(all[0].comment, "");
  EXPECT_FALSE(all[0].outbound);
  EXPECT_NEAR(all[0].at, 1'700'000'000.123456789, 1e-6);
  EXPECT_EQ(all[1].interface, "lab0");
  EXPECT_EQ(all[1].comment, "lost on purpose");
  EXPECT_TRUE(all[1].outbound);
  EXPECT_EQ(all[2].frame, "");
}

TEST(Pcapng, a_file_cut_anywhere_gives_its_whole_packets) {
  const auto head = pcapng::header(kPorts, "");
  const auto one = pcapng::packet(0, true, "x", 1s, ""), two = pcapng::packet(0, true, "y", 2s, "");
  const auto all = head + one + two;
  for (std::size_t size = head.size(); size <= all.size(); ++size) {
    const std::size_t whole = size < head.size() + one.size() ? 0 : size < all.size() ? 1 : 2;
    EXPECT_EQ(read(all.substr(0, size)).size(), whole) << "cut at " << size;
  }
}

TEST(Pcapng, blocks_of_other_kinds_are_passed_over_and_impossible_ones_end_it) {
  const auto head = pcapng::header(kPorts, "");
  const auto one = pcapng::packet(0, true, "x", 1s, "");
  std::string other = le32(0x0bad) + le32(16) + le32(0) + le32(16);
  EXPECT_EQ(read(head + other + one).size(), 1u);
  for (const std::uint32_t length : {0u, 11u, 13u, 0xffffffffu}) {
    PcapngReader reader;
    const auto n = reader.take(head + le32(6) + le32(length) + one, [](const auto&) {});
    EXPECT_EQ(n.value_or(0), head.size());
    EXPECT_TRUE(reader.broken()) << length;
  }
}

TEST(Pcapng, a_file_of_the_other_byte_order_is_refused_with_advice) {
  PcapngReader reader;
  const auto n = reader.take(le32(0x0a0d0d0a) + le32(28) + "\x1a\x2b\x3c\x4d", [](const auto&) {});
  ASSERT_FALSE(n.has_value());
  EXPECT_EQ(n.error().code(), "network.capture");
}

std::string dns_question(const std::string& mac, const std::string& source) {
  return udp(mac, source, 40000, 53,
             std::string("\0\7\1\0\0\1\0\0\0\0\0\0\3api\4test\0\0\1\0\1", 26));
}

TEST(Pcapng, the_DUT_is_what_is_behind_the_nic_ports) {
  const std::string dut("\x0a\x4d\0\x32", 4), lab("\x0a\x4d\0\x01", 4);
  const auto message = announce(dut, {"dut.local"});
  const auto bytes = pcapng::header(kPorts, "") +
                     pcapng::packet(1, true, dns_question(kGateway, lab), 1s, "") +
                     pcapng::packet(0, true, message, 2s, "link down: dropped") +
                     pcapng::packet(0, true, dns_question(kDut, dut), 3s, "") +
                     pcapng::packet(0, false, udp(kGateway, lab, 1, 2, "x"), 4s, "lost on purpose");
  const auto seen = observe_pcap_bytes(bytes, 0);
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(seen->sources, ElementsAre("10.77.0.50"));
  EXPECT_THAT(seen->mdns, ElementsAre("dut.local"));
  EXPECT_THAT(seen->asked, ElementsAre("api.test")) << "not what the lab itself asks";
  EXPECT_THAT(observe_pcap_bytes(bytes, 3.5)->asked, IsEmpty());
}

TEST(Pcapng, DHCP_messages_of_both_sides_are_seen_once) {
  const std::string zero(4, '\0'), address("\x0a\x4d\0\x32", 4);
  const auto ask = udp(kDut, zero, 68, 67, dhcp(1, zero, ""));
  const auto offer = udp(kGateway, address, 67, 68, dhcp(2, address, ""));
  const auto bytes = pcapng::header(kPorts, "") + pcapng::packet(0, true, ask, 1s, "") +
                     pcapng::packet(1, true, offer, 2s, "") +
                     pcapng::packet(0, false, offer, 2s, "lost on purpose");
  const auto seen = observe_pcap_bytes(bytes, 0);
  ASSERT_EQ(seen->dhcp.size(), 2u);
  EXPECT_EQ(seen->dhcp[0].type, "discover");
  EXPECT_EQ(seen->dhcp[1].type, "offer");
  EXPECT_EQ(seen->dhcp[1].address, "10.77.0.50");
}

TEST(Pcapng, a_capture_that_reaches_its_limit_ends_and_says_so) {
  const auto dir = io::TempDir::make("pcapng_test").value();
  const auto file = dir.path() / "lab-1.pcapng";
  auto capture = SwitchCapture::open(file, 4000, kPorts, "");
  ASSERT_TRUE(capture.has_value());
  for (int i = 0; i < 10; ++i) capture->packet(0, true, std::string(1000, 'x'), 1s, "");
  EXPECT_EQ(capture->packets(), 3u);
  EXPECT_EQ(capture->left_out(), 7u);
  ASSERT_TRUE(capture->trouble().has_value());
  EXPECT_EQ(capture->trouble()->code(), "network.capture_full");
  EXPECT_EQ(read(io::read_file(file).value()).size(), 3u) << "what there was is written";
}

TEST(Pcapng, a_full_disk_ends_the_capture_and_not_the_switch) {
  auto capture = SwitchCapture::open("/dev/full", 1 << 20, kPorts, "");
  ASSERT_FALSE(capture.has_value());
  EXPECT_EQ(capture.error().code(), "file.disk_full");
}

}  // namespace
}  // namespace seatrial::network
