// SPDX-License-Identifier: Apache-2.0
// The lab network on the real kernel: what a DUT gets from it, and what becomes of it on bad days.
#include <gmock/gmock.h>

#include <sstream>

#include "core/io/socket.hpp"
#include "tests/workers/network/lab/lab_rig.hpp"
#include "workers/network/lab/relay.hpp"
#include "workers/network/pcap.hpp"

namespace seatrial::network {
namespace {
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST_F(LabTest, a_DUT_gets_a_lease_and_reaches_the_lab) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  EXPECT_THAT(dut->run("busybox udhcpc -i eth0 -n -q -t 10 -T 1 -f -s /bin/true -x hostname:dut01"),
              HasSubstr("lease of 10.77.0.50 obtained"))
      << "its fixed address";
  ASSERT_NO_FATAL_FAILURE(lease());
  EXPECT_TRUE(dut->works("busybox ping -c 3 -W 5 10.77.0.1")) << dut->last;
  EXPECT_TRUE(dut->works("busybox ping -c 1 -s 8000 -W 5 10.77.0.1"))
      << "in fragments: " << dut->last;
  const auto seen = loop.run(lab->observed(0));
  ASSERT_TRUE(seen.has_value()) << seen.error().describe();
  EXPECT_THAT(seen->sources, Contains("10.77.0.50"));
  ASSERT_GE(seen->dhcp.size(), 4u);
  EXPECT_EQ(seen->dhcp[0].type, "discover");
  EXPECT_EQ(seen->dhcp[0].hostname, "dut01");
  EXPECT_EQ(seen->dhcp[3].type, "ack");
  EXPECT_EQ(seen->dhcp[3].address, "10.77.0.50");
  EXPECT_EQ(seen->dhcp[3].gateway, "10.77.0.1");
  EXPECT_EQ(lab->plan().dhcp, "10.77.0.50");
  ok(loop.run(lab->check()));
  EXPECT_TRUE(troubles.empty());
}

TEST_F(LabTest, a_DUT_gets_an_IPv6_prefix_by_router_advertisement) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_TRUE(loop.run_until(
      [&] {
        return dut->run("ip -6 addr show dev eth0 scope global").find("fd77:") != std::string::npos;
      },
      20s))
      << dut->last;
  EXPECT_TRUE(dut->works("busybox ping -6 -c 2 -W 5 fd77::1")) << dut->last;
  EXPECT_THAT(dut->run("ip -6 route"), HasSubstr("default via fe80::"));
}

TEST_F(LabTest, DNS_answers_as_told) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(lease());
  const std::string ask = "busybox nslookup api.seatrial.test 10.77.0.1";
  EXPECT_THAT(dut->run(ask), testing::AllOf(HasSubstr("10.77.0.1"), HasSubstr("fd77::1")));
  ok(loop.run(lab->set_name("api.seatrial.test", {"10.77.0.99"})));
  EXPECT_THAT(dut->run(ask), testing::AllOf(HasSubstr("10.77.0.99"), Not(HasSubstr("fd77"))));
  ok(loop.run(lab->set_dns("api.seatrial.test", "nxdomain", 0s)));
  EXPECT_THAT(dut->run(ask), HasSubstr("NXDOMAIN"));
  ok(loop.run(lab->set_dns("*", "servfail", 0s)));
  EXPECT_THAT(dut->run("busybox nslookup other.test 10.77.0.1"), HasSubstr("SERVFAIL"));
  ok(loop.run(lab->set_dns("api.seatrial.test", "answer", 300ms)));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(dut->run(ask), HasSubstr("10.77.0.99"));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 300ms);
  ok(loop.run(lab->clear()));
  EXPECT_THAT(dut->run(ask), HasSubstr("fd77::1"));
  EXPECT_THAT(dut->run("busybox nslookup nowhere.test 10.77.0.1"), HasSubstr("NXDOMAIN"));
  EXPECT_THAT(loop.run(lab->observed(0))->asked, Contains("nowhere.test"));
  EXPECT_THAT(log("dnsmasq.log"), HasSubstr("query[A] nowhere.test from 10.77.0.50"));
}

/// The seconds since 1970 that a time server says, asked from within a DUT; 0 for silence.
double asked_time(Dut& dut, const std::string& server) {
  const auto text = dut.run("exec 3<>/dev/udp/" + server +
                            "/123; { printf '\\043'; head -c 47 /dev/zero; } | "
                            "dd bs=48 iflag=fullblock >&3 2>/dev/null; "
                            "timeout 2 dd bs=48 count=1 <&3 2>/dev/null | od -An -v -tu1");
  std::istringstream in(text);
  std::vector<double> bytes;
  for (double byte = 0; in >> byte;) bytes.push_back(byte);
  if (bytes.size() != 48) return 0;
  return ((bytes[40] * 256 + bytes[41]) * 256 + bytes[42]) * 256 + bytes[43] - 2208988800.0;
}

TEST_F(LabTest, the_time_server_has_the_time_it_is_told_to_have) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(lease());
  const auto now = [] { return seconds(Clock::system().wall()); };
  EXPECT_NEAR(asked_time(*dut, "10.77.0.1"), now(), 10);
  ok(loop.run(lab->set_time("answer", -86400 * 365.0)));
  EXPECT_NEAR(asked_time(*dut, "10.77.0.1"), now() - 86400 * 365, 10);
  ok(loop.run(lab->set_time("silent", 0)));
  EXPECT_EQ(asked_time(*dut, "10.77.0.1"), 0);
  ok(loop.run(lab->clear()));
  EXPECT_NEAR(asked_time(*dut, "10.77.0.1"), now(), 10);
  EXPECT_THAT(log("services.log"), HasSubstr("ntp 10.77.0.50: offset -31536000 s"));
}

TEST_F(LabTest, the_API_of_the_lab_is_a_unix_socket_outside) {
  FakeNic api(dir.path() / "api.sock");  // a unix listener; its framing is not used
  settings.relays.push_back({80, (dir.path() / "api.sock").string()});
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(lease());
  const auto client = dut->begin("(echo hello; sleep 30) | busybox nc 10.77.0.1 80");
  api.accept();
  EXPECT_EQ(api.raw(6), "hello\n");
}

TEST_F(LabTest, the_bench_reaches_the_DUT_and_hears_why_when_it_does_not) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(lease());
  const auto server = dut->begin("while :; do echo banner | busybox nc -l -p 22222; done");
  const auto port = lab->endpoint(22222).port;
  ASSERT_NE(port, 0);
  EXPECT_EQ(lab->endpoint(22222).port, port) << "the same for all who ask";
  std::string banner;
  ASSERT_TRUE(loop.run_until(
      [&] {
        auto answer = [](std::uint16_t to) -> Task<Result<std::string>> {
          CO_TRY(auto stream, co_await io::ByteStream::connect_tcp("127.0.0.1", to));
          char buffer[64];
          std::span<char> into(buffer);
          CO_TRY(const auto n, co_await stream.read_some(into));
          co_return std::string(buffer, n);
        };
        if (banner.empty()) banner = loop.run(answer(port)).value_or("");
        return !banner.empty();
      },
      20s));
  EXPECT_EQ(banner, "banner\n");
  const auto refused = loop.run(lab->dial("10.77.0.50", 81, 5s));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), "network.dial");
  EXPECT_THAT(refused.error().what(), HasSubstr("refused"));
  ok(loop.run(lab->set_link("nic0", false)));
  const auto silent = loop.run(lab->dial("10.77.0.50", 22222, 300ms));
  ASSERT_FALSE(silent.has_value());
  EXPECT_EQ(silent.error().code(), "network.dial");
}

TEST_F(LabTest, the_DHCP_server_is_silenced_and_changed) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ok(loop.run(lab->set_dhcp({"lab0"}, {})));
  EXPECT_FALSE(dut->works("busybox udhcpc -i eth0 -n -q -t 2 -T 1 -s /bin/true")) << dut->last;
  ok(loop.run(lab->set_dhcp({}, {"dhcp-option=option:dns-server,10.77.0.9"})));
  EXPECT_TRUE(dut->works("busybox udhcpc -i eth0 -n -q -t 10 -T 1 -s /bin/true")) << dut->last;
  EXPECT_THAT(loop.run(lab->observed(0))->dhcp.back().dns, ElementsAre("10.77.0.9"));
  const auto refused = loop.run(lab->set_dhcp({}, {"dhcp-script=/bin/sh"}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), "network.dhcp");
  ok(loop.run(lab->clear()));
  EXPECT_TRUE(dut->works("busybox udhcpc -i eth0 -n -q -t 10 -T 1 -s /bin/true")) << dut->last;
  EXPECT_THAT(loop.run(lab->observed(0))->dhcp.back().dns, ElementsAre("10.77.0.1"));
}

TEST_F(LabTest, ends_in_good_order_when_told_to) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(lease());
  ok(loop.run([](Lab* one) -> Task<Result<>> {
    co_await one->stop();
    co_return Result<>();
  }(lab.get())));
  EXPECT_TRUE(troubles.empty()) << "nobody died: it was asked for";
  const auto seen = observe_pcap(dir.path() / "lab-1.pcapng", 0);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->dhcp.size(), 4u) << "the capture is whole";
  const auto after = loop.run(lab->check());
  ASSERT_FALSE(after.has_value());
  EXPECT_EQ(after.error().code(), "network.control");
}

TEST_F(LabTest, with_veth_in_place_of_a_tap_UDP_and_TCP_work_too) {
  settings.link = "veth";
  FakeNic api(dir.path() / "api.sock");
  settings.relays.push_back({80, (dir.path() / "api.sock").string()});
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(lease());  // UDP with checksums that somebody finished
  const auto client = dut->begin("(echo hello; sleep 30) | busybox nc 10.77.0.1 80");
  api.accept();  // and TCP
  EXPECT_EQ(api.raw(6), "hello\n");
  const auto state = loop.run(lab->state());
  ASSERT_TRUE(state.has_value());
  for (const auto& port : (*state)["switch"]["ports"])
    if (port["name"] == "lab0") {
      EXPECT_EQ(port["partial_checksums"], 0);
      EXPECT_GT(port["counters"]["in"].get<int>(), 0);
    }
  ok(loop.run(lab->check()));
}

}  // namespace
}  // namespace seatrial::network
