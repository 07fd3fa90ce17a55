// SPDX-License-Identifier: Apache-2.0
#include "workers/network/pcap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/io/file.hpp"
#include "tests/workers/network/packets.hpp"

namespace seatrial::network {
namespace {
using testing::ElementsAre;

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
