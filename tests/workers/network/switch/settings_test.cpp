// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seatrial::network {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

std::string with_ports(const std::string& ports) {
  return R"({"control": "/run/x/ctl", "seed": 9, "ports": [)" + ports + "]}";
}
std::string complaint(const std::string& port) {
  const auto settings = read_switch_settings(with_ports(port), "switch.json");
  return settings ? "none" : settings.error().what();
}

TEST(SwitchSettings, every_kind_of_port_is_understood) {
  const auto settings = read_switch_settings(
      R"({"control": "/run/x/ctl", "seed": 9, "capture": {"file": "/x/lab-1.pcapng", "limit_mb": 5},
          "ports": [{"name": "nic0", "kind": "stream", "path": "/run/x/nic0", "vlan": 20},
                    {"name": "lab0", "kind": "tap", "fd": 5},
                    {"name": "wan", "kind": "packet", "interface": "eth1",
                     "trunk": {"native": 2, "allowed": [20, 30]}}]})",
      "switch.json");
  ASSERT_TRUE(settings.has_value()) << settings.error().describe();
  EXPECT_EQ(settings->seed, 9u);
  EXPECT_EQ(settings->capture.most_bytes, 5u << 20);
  ASSERT_EQ(settings->ports.size(), 3u);
  EXPECT_EQ(settings->ports[0].vlan.number, 20);
  EXPECT_FALSE(settings->ports[0].vlan.trunk);
  EXPECT_EQ(settings->ports[1].io.fd, 5);
  EXPECT_EQ(settings->ports[1].vlan.number, 1);
  EXPECT_TRUE(settings->ports[2].vlan.trunk);
  EXPECT_THAT(settings->ports[2].vlan.allowed, ElementsAre(20, 30));
}

TEST(SwitchSettings, what_is_wrong_is_said_with_its_place) {
  EXPECT_THAT(complaint(R"({"name": "a", "kind": "bridge"})"), HasSubstr("ports[0].kind"));
  EXPECT_THAT(complaint(R"({"name": "a", "kind": "tap"})"), HasSubstr("interface"));
  EXPECT_THAT(complaint(R"({"name": "a", "kind": "tap", "interface": "much-too-long-for-one"})"),
              HasSubstr("longer"));
  EXPECT_THAT(
      complaint(R"({"name": "a", "kind": "stream", "path": ")" + std::string(108, 'x') + R"("})"),
      HasSubstr("107"));
  EXPECT_THAT(complaint(R"({"name": "a", "kind": "stream", "path": "/x", "vlan": 4095})"),
              HasSubstr("4094"));
  EXPECT_THAT(complaint(R"({"name": "a", "kind": "stream", "path": "/x", "vlna": 1})"),
              HasSubstr("vlna"));
  EXPECT_THAT(complaint(R"({"name": "a", "kind": "stream", "path": "/x"},
                           {"name": "a", "kind": "stream", "path": "/y"})"),
              HasSubstr("another port"));
  EXPECT_THAT(
      complaint(R"({"name": "a", "kind": "stream", "path": "/x", "trunk": {"allowed": [0]}})"),
      HasSubstr("allowed"));
}

}  // namespace
}  // namespace seatrial::network
