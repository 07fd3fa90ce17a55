// SPDX-License-Identifier: Apache-2.0
#include "workers/network/pcap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/io/file.hpp"

namespace seatrial::network {
namespace {
using testing::ElementsAre;

const std::string kDut("\x52\x54\x00\x5e\xa7\x01", 6);
const std::string kQemu("\x52\x55\x0a\x00\x02\x02", 6);

std::string le32(std::uint32_t v) {
  return {static_cast<char>(v), static_cast<char>(v >> 8), static_cast<char>(v >> 16),
          static_cast<char>(v >> 24)};
}
std::string be16(unsigned v) { return {static_cast<char>(v >> 8), static_cast<char>(v)}; }

std::string pcap_header() { return le32(0xa1b2c3d4) + std::string(16, '\0') + le32(1); }
std::string packet(std::uint32_t at, const std::string& frame) {
  return le32(at) + le32(0) + le32(static_cast<std::uint32_t>(frame.size())) +
         le32(static_cast<std::uint32_t>(frame.size())) + frame;
}

std::string udp(const std::string& mac, const std::string& source, unsigned from, unsigned to,
                const std::string& payload) {
  const std::string udp_part =
      be16(from) + be16(to) + be16(static_cast<unsigned>(8 + payload.size())) + be16(0) + payload;
  const std::string ip =
      std::string("\x45\x00", 2) + be16(static_cast<unsigned>(20 + udp_part.size())) +
      std::string("\0\0\0\0\x40\x11\0\0", 8) + source + std::string("\xff\xff\xff\xff", 4);
  return std::string(6, '\xff') + mac + "\x08" + std::string(1, '\0') + ip + udp_part;
}

std::string dhcp(char type, const std::string& yiaddr, const std::string& options) {
  std::string message(236, '\0');
  message.replace(16, 4, yiaddr);
  message.replace(28, 6, kDut);
  return message + std::string("\x63\x82\x53\x63", 4) + std::string("\x35\x01", 2) + type +
         options + "\xff";
}

std::string capture() {
  const std::string zero(4, '\0'), address("\x0a\x00\x02\x0f", 4), router("\x0a\x00\x02\x02", 4);
  const std::string lease = std::string("\x03\x04", 2) + router + std::string("\x06\x08", 2) +
                            router + std::string("\x09\x09\x09\x09", 4);
  std::string name(
      "\x03"
      "dut\x05"
      "local",
      10);
  name += '\0';
  const std::string mdns = std::string("\0\0\x84\0\0\0\0\x01\0\0\0\0", 12) + name +
                           std::string("\0\x01\x80\x01\0\0\0\x78\0\x04", 10) + address;
  return pcap_header() +
         packet(100, udp(kDut, zero, 68, 67,
                         dhcp(3, zero,
                              std::string("\x0c\x07"
                                          "1234567",
                                          9) +
                                  std::string("\x32\x04", 2) + address))) +
         packet(101, udp(kQemu, router, 67, 68, dhcp(5, address, lease))) +
         packet(102, udp(kDut, address, 5353, 5353, mdns));
}

TEST(Pcap, shows_the_dhcp_exchange_the_addresses_and_the_names) {
  const auto seen = observe_pcap_bytes(capture(), 0);
  ASSERT_TRUE(seen.has_value()) << seen.error().describe();
  ASSERT_EQ(seen->dhcp.size(), 2u);
  EXPECT_EQ(seen->dhcp[0].type, "request");
  EXPECT_EQ(seen->dhcp[0].hostname, "1234567");
  EXPECT_EQ(seen->dhcp[0].address, "10.0.2.15");
  EXPECT_EQ(seen->dhcp[0].mac, "52:54:00:5e:a7:01");
  EXPECT_EQ(seen->dhcp[1].type, "ack");
  EXPECT_EQ(seen->dhcp[1].address, "10.0.2.15");
  EXPECT_EQ(seen->dhcp[1].gateway, "10.0.2.2");
  EXPECT_THAT(seen->dhcp[1].dns, ElementsAre("10.0.2.2", "9.9.9.9"));
  EXPECT_EQ(seen->dhcp[0].gateway, "");
  EXPECT_THAT(seen->sources, ElementsAre("10.0.2.15"));
  EXPECT_THAT(seen->mdns, ElementsAre("dut.local"));
}

TEST(Pcap, the_captures_of_all_starts_are_one) {
  const auto folder = io::TempDir::make("pcap_test").value();
  EXPECT_TRUE(observe_folder(folder.path(), 0)->dhcp.empty());
  for (const char* name : {"packets-1.pcap", "packets-2.pcap", "packets-4.pcap"})
    ASSERT_TRUE(io::write_file_atomic(folder.path() / name, capture()).has_value());
  const auto seen = observe_folder(folder.path(), 0);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->dhcp.size(), 4u) << "the fourth start has no third before it";
  EXPECT_THAT(seen->sources, ElementsAre("10.0.2.15"));
  EXPECT_THAT(seen->mdns, ElementsAre("dut.local"));
}

TEST(Pcap, leaves_out_what_was_before) {
  const auto seen = observe_pcap_bytes(capture(), 102);
  ASSERT_TRUE(seen.has_value());
  EXPECT_TRUE(seen->dhcp.empty());
  EXPECT_EQ(seen->mdns.size(), 1u);
}

TEST(Pcap, a_capture_cut_anywhere_is_read_to_its_last_whole_packet) {
  const auto whole = capture();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_TRUE(observe_pcap_bytes(whole.substr(0, size), 0).has_value());
}

TEST(Pcap, hostile_bytes_crash_nothing) {
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    auto bytes = capture();
    for (int k = 0; k < 8; ++k)
      bytes[24 + random() % (bytes.size() - 24)] = static_cast<char>(random());
    (void)observe_pcap_bytes(bytes, 0);
  }
}

TEST(Pcap, what_is_no_capture_is_refused_and_none_yet_is_empty) {
  EXPECT_FALSE(observe_pcap_bytes(std::string(100, 'x'), 0).has_value());
  EXPECT_TRUE(observe_pcap("/nonexistent/x.pcap", 0)->dhcp.empty());
}

}  // namespace
}  // namespace seatrial::network
