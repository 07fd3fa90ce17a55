// SPDX-License-Identifier: Apache-2.0
// What the lab's DNS and time servers say, and what dnsmasq is told; no network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "workers/network/bytes.hpp"
#include "workers/network/lab/dns.hpp"
#include "workers/network/lab/dnsmasq.hpp"
#include "workers/network/lab/labnet.hpp"
#include "workers/network/lab/ntp.hpp"

namespace seatrial::network {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string question(const std::string& name, int type) {
  std::string out("\x12\x34\x01\0\0\1\0\0\0\0\0\0", 12);
  for (std::size_t at = 0; at < name.size();) {
    const auto dot = std::min(name.find('.', at), name.size());
    out += static_cast<char>(dot - at) + name.substr(at, dot - at);
    at = dot + 1;
  }
  return out + std::string("\0\0", 2) + static_cast<char>(type) + std::string("\0\1", 2);
}
int code(const DnsReply& reply) { return Bytes(reply.bytes).u8(3) & 15; }
int answers(const DnsReply& reply) { return Bytes(reply.bytes).be16(6); }

struct DnsTest : ::testing::Test {
  DnsZone zone;
  DnsTest() {
    EXPECT_TRUE(zone.set("API.test", {"10.77.0.1", "10.77.0.2", "fd77::1"}).has_value());
  }
};

TEST_F(DnsTest, a_name_has_the_addresses_of_the_kind_that_was_asked_for) {
  const auto four = zone.answer(question("api.TEST", 1)).value();
  EXPECT_EQ(answers(four), 2);
  EXPECT_EQ(four.said, "10.77.0.1 10.77.0.2");
  EXPECT_EQ(four.bytes.substr(0, 2), "\x12\x34");
  EXPECT_EQ(Bytes(four.bytes).be16(2), 0x8580) << "an answer, authoritative, recursion";
  EXPECT_EQ(four.bytes.substr(four.bytes.size() - 4), std::string("\x0a\x4d\0\x02", 4));
  EXPECT_EQ(answers(*zone.answer(question("api.test", 28))), 1);
  EXPECT_EQ(answers(*zone.answer(question("api.test", 255))), 3);
  const auto mail = zone.answer(question("api.test", 15)).value();
  EXPECT_EQ(answers(mail), 0);
  EXPECT_EQ(code(mail), 0) << "the name is there, the record is not";
}

TEST_F(DnsTest, an_unknown_name_does_not_exist) {
  EXPECT_EQ(code(*zone.answer(question("nowhere.test", 1))), 3);
  EXPECT_TRUE(zone.set("api.test", {}).has_value());
  EXPECT_EQ(code(*zone.answer(question("api.test", 1))), 3);
}

TEST_F(DnsTest, a_star_stands_for_all_names_that_have_none_of_their_own) {
  EXPECT_TRUE(zone.set("*.pool.test", {"10.77.0.1"}).has_value());
  EXPECT_TRUE(zone.set("3.pool.test", {"10.77.0.3"}).has_value());
  EXPECT_EQ(zone.answer(question("0.pool.test", 1))->said, "10.77.0.1");
  EXPECT_EQ(zone.answer(question("0.debian.pool.test", 1))->said, "10.77.0.1");
  EXPECT_EQ(zone.answer(question("3.pool.test", 1))->said, "10.77.0.3");
  EXPECT_EQ(zone.answer(question("pool.test", 1))->said, "NXDOMAIN");
  EXPECT_EQ(zone.answer(question("0.other.test", 1))->said, "NXDOMAIN");
}

TEST_F(DnsTest, names_misbehave_as_told_and_alone) {
  using How = DnsManner::How;
  zone.behave("*", {How::servfail, 0s});
  zone.behave("api.test", {How::answer, 50ms});
  EXPECT_EQ(code(*zone.answer(question("other.test", 1))), 2);
  EXPECT_EQ(zone.answer(question("api.test", 1))->delay, 50ms);
  zone.behave("api.test", {How::silent, 0s});
  EXPECT_EQ(zone.answer(question("api.test", 1))->bytes, "");
  zone.behave("api.test", {How::refused, 0s});
  EXPECT_EQ(code(*zone.answer(question("api.test", 1))), 5);
  EXPECT_FALSE(dns_how("fly").has_value());
}

TEST_F(DnsTest, what_is_no_question_gets_no_answer) {
  const auto good = question("api.test", 1);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(zone.answer(good.substr(0, size)).has_value()) << size;
  auto answer = good;
  answer[2] = '\x80';
  EXPECT_FALSE(zone.answer(answer).has_value()) << "an answer";
  auto odd = good;
  odd[13] = '\n';
  EXPECT_FALSE(zone.answer(odd).has_value()) << "a name that is not fit to be logged";
}

TEST_F(DnsTest, addresses_are_numbers) {
  EXPECT_FALSE(zone.set("x.test", {"somewhere"}).has_value());
  EXPECT_FALSE(zone.set("", {"10.0.0.1"}).has_value());
}

std::string request() {
  std::string out(48, '\0');
  out[0] = '\x23';  // version 4, client
  out.replace(40, 8, "transmit");
  return out;
}

/// Seconds since 1970 of a stamp.
double stamp(const std::string& packet, std::size_t at) {
  const Bytes bytes(packet);
  return bytes.be32(at) - 2208988800.0 + bytes.be32(at + 4) / 4294967296.0;
}

TEST(Ntp, the_time_is_ours_plus_an_offset) {
  const auto wall = 1'700'000'000s + 250ms;
  const auto exact = ntp_answer(request(), {}, wall).value();
  EXPECT_EQ(exact[0], '\x24') << "version 4, server, no leap";
  EXPECT_EQ(exact[1], 5);
  EXPECT_EQ(exact.substr(24, 8), "transmit");
  EXPECT_NEAR(stamp(exact, 40), 1'700'000'000.25, 1e-6);
  EXPECT_NEAR(stamp(exact, 32), 1'700'000'000.25, 1e-6);
  for (const double offset : {3600.5, -0.75, -86400.0 * 365})
    EXPECT_NEAR(stamp(*ntp_answer(request(), {NtpManner::How::answer, offset, 5}, wall), 40),
                1'700'000'000.25 + offset, 1e-6);
}

TEST(Ntp, it_refuses_in_every_way) {
  using How = NtpManner::How;
  EXPECT_FALSE(ntp_answer(request(), {How::silent, 0, 5}, 1s).has_value());
  const auto lost = ntp_answer(request(), {How::unsynchronised, 0, 5}, 1s).value();
  EXPECT_EQ(static_cast<unsigned char>(lost[0]) >> 6, 3);
  EXPECT_EQ(lost[1], 16);
  const auto away = ntp_answer(request(), {How::go_away, 0, 5}, 1s).value();
  EXPECT_EQ(away[1], 0);
  EXPECT_EQ(away.substr(12, 4), "DENY");
}

TEST(Ntp, what_is_no_request_gets_no_answer) {
  EXPECT_FALSE(ntp_answer(request().substr(1), {}, 1s).has_value());
  // of a server, of no version, of version 7, a broadcast
  for (const char first : {'\x24', '\0', '\x3b', '\x25'}) {
    auto odd = request();
    odd[0] = first;
    EXPECT_FALSE(ntp_answer(odd, {}, 1s).has_value()) << static_cast<int>(first);
  }
}

LabSettings two_segments() {
  LabSettings settings;
  settings.folder = "/run/x";
  settings.sockets = "/tmp/y";
  settings.switch_program = "/bin/switch";
  settings.segments.push_back({"lab1", 20, "192.168.77", ""});
  settings.nics = {{"nic0", "52:54:00:5e:a7:02", "/tmp/y/nic0", "", "lab0"},
                   {"nic1", "52:54:00:5e:a7:03", "/tmp/y/nic1", "", "lab1"}};
  settings.relays = {{80, "/tmp/y/api.sock"}};
  settings.names["api.test"] = {"10.77.0.1"};
  return settings;
}

TEST(LabSettingsJson, are_read_as_they_were_written) {
  const auto read = read_lab_settings(to_json(two_segments()).dump(), "lab.json");
  ASSERT_TRUE(read.has_value()) << read.error().describe();
  EXPECT_EQ(to_json(*read), to_json(two_segments()));
  EXPECT_EQ(read->address4(read->nics[1]), "192.168.77.51");
  EXPECT_EQ(read->address6(read->nics[0]), "fd77::50");
  EXPECT_EQ(read->address6(read->nics[1]), "");
}

TEST(LabSettingsJson, what_is_wrong_is_said) {
  const auto with = [](const char* key, nlohmann::json value) {
    auto json = to_json(two_segments());
    json[key] = std::move(value);
    const auto read = read_lab_settings(json.dump(), "lab.json");
    return read ? std::string() : read.error().what();
  };
  EXPECT_THAT(with("link", "wire"), HasSubstr("link"));
  EXPECT_THAT(with("nics", {{{"name", "nic0"}, {"socket", "/x"}, {"segment", "lab7"}}}),
              HasSubstr("segment"));
  EXPECT_THAT(with("segments", {{{"name", "lab0"}, {"net4", "10.77"}}}), HasSubstr("net4"));
  EXPECT_THAT(with("relays", {{{"port", 0}, {"socket", "/x"}}}), HasSubstr("port"));
}

TEST(Dnsmasq, is_told_of_each_segment_and_of_the_DUTs_addresses) {
  const auto conf = dnsmasq_conf(two_segments(), {}, "/run/x/log").value();
  EXPECT_THAT(conf, HasSubstr("dhcp-range=set:lab0,10.77.0.100,10.77.0.200"));
  EXPECT_THAT(conf, HasSubstr("dhcp-range=set:lab1,192.168.77.100"));
  EXPECT_THAT(conf, HasSubstr("dhcp-host=52:54:00:5e:a7:02,10.77.0.50,[fd77::50]"));
  EXPECT_THAT(conf, HasSubstr("dhcp-host=52:54:00:5e:a7:03,192.168.77.51\n"));
  const auto quiet = dnsmasq_conf(two_segments(), {{"lab0"}, {"dhcp-reply-delay=3"}}, "x").value();
  EXPECT_THAT(quiet, HasSubstr("no-dhcp-interface=lab0"));
  EXPECT_THAT(quiet, Not(HasSubstr("set:lab0")));
  EXPECT_THAT(quiet, HasSubstr("dhcp-reply-delay=3\n"));
}

TEST(Dnsmasq, a_line_that_could_run_something_is_refused) {
  for (const char* line :
       {"dhcp-script=/bin/sh", "conf-file=/etc/x", "dhcp-option=6\ndhcp-script=x"})
    EXPECT_FALSE(dnsmasq_conf(two_segments(), {{}, {line}}, "x").has_value()) << line;
}

TEST(SwitchOfALab, has_a_port_for_each_NIC_and_each_segment) {
  LabInterfaces made;
  made.all.push_back({"lab0", "lab0-s", {}});
  made.all.push_back({"lab1", "lab1-s", {}});
  const auto json = nlohmann::json::parse(switch_settings_for(two_segments(), made, 2));
  ASSERT_EQ(json["ports"].size(), 4u);
  EXPECT_EQ(json["ports"][1]["vlan"], 20);
  EXPECT_EQ(json["ports"][1]["path"], "/tmp/y/nic1");
  EXPECT_EQ(json["ports"][3]["interface"], "lab1-s");
  EXPECT_EQ(json["ports"][3]["vlan"], 20);
  EXPECT_EQ(json["capture"]["file"], "/run/x/lab-2.pcapng");
}

}  // namespace
}  // namespace seatrial::network
