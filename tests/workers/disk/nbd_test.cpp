// SPDX-License-Identifier: Apache-2.0
// The NBD protocol as bytes; whether real clients agree is server_test.cpp's business.
#include "workers/disk/nbd.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace seatrial::cutdisk::nbd {
namespace {

Admission gate(std::string_view name, bool) {
  if (name == "dut") return {Refusal::none, {}, 1u << 20};
  if (name == "busy") return {Refusal::policy, "in use", 0};
  return {Refusal::unknown, "no such export", 0};
}

std::string number(std::uint64_t value, int bytes) {
  std::string out;
  put(out, value, bytes);
  return out;
}
std::string option(std::uint32_t which, const std::string& data) {
  return "IHAVEOPT" + number(which, 4) + number(data.size(), 4) + data;
}
std::string go(const std::string& name, std::uint32_t which = 7) {
  return option(which, number(name.size(), 4) + name + number(1, 2) + number(3, 2));
}
std::string request(std::uint16_t command, std::uint64_t offset, std::uint32_t length,
                    const std::string& payload = {}, std::uint16_t flags = 0) {
  return number(0x25609513, 4) + number(flags, 2) + number(command, 2) + number(77, 8) +
         number(offset, 8) + number(length, 4) + payload;
}

struct Talk {
  Session session{gate, {"dut", "offline"}};
  std::string said;
  std::vector<Request> requests;
  std::vector<std::string> payloads;

  /// In pieces of `grain` bytes, as a socket may deliver them.
  void hear(const std::string& bytes, std::size_t grain = 1u << 20) {
    for (std::size_t at = 0; at < bytes.size();) {
      const auto room = session.room();
      const auto n = std::min({room.size(), grain, bytes.size() - at});
      std::memcpy(room.data(), bytes.data() + at, n);
      session.received(n);
      at += n;
      while (const auto request = session.next()) {
        requests.push_back(*request);
        payloads.emplace_back(request->payload);
      }
      said += session.take_output();
    }
  }
  bool said_reply(std::uint32_t which, std::uint32_t type) const {
    return said.find(number(0x3e889045565a9, 8) + number(which, 4) + number(type, 4)) !=
           std::string::npos;
  }
};

TEST(Nbd, goes_from_the_greeting_to_requests_in_pieces_of_any_size) {
  for (const std::size_t grain : {1, 7, 100, 1 << 20}) {
    Talk talk;
    talk.hear(number(3, 4) + option(8, "") + go("dut") + request(1, 4096, 5, "hello", kFlagFua) +
                  request(0, 512, 1024) + request(3, 0, 0),
              grain);
    EXPECT_TRUE(talk.said.starts_with("NBDMAGICIHAVEOPT" + number(3, 2)));
    EXPECT_TRUE(talk.said_reply(8, 0x80000001u)) << "structured replies are not offered";
    EXPECT_TRUE(talk.said_reply(7, 1));
    // The export: 1 MiB; has flags, flush, FUA, trim, write zeroes; without flush QEMU drops them.
    EXPECT_NE(talk.said.find(number(0, 2) + number(1u << 20, 8) + number(1 + 4 + 8 + 32 + 64, 2)),
              std::string::npos);
    ASSERT_EQ(talk.requests.size(), 3u) << grain;
    EXPECT_EQ(talk.payloads[0], "hello");
    EXPECT_EQ(talk.requests[0].flags, kFlagFua);
    EXPECT_EQ(talk.requests[0].handle, 77u);
    EXPECT_EQ(talk.requests[1].command, Command::read);
    EXPECT_EQ(talk.requests[1].length, 1024u);
    EXPECT_EQ(talk.requests[2].command, Command::flush);
    EXPECT_EQ(talk.session.export_name(), "dut");
    talk.hear(request(2, 0, 0));
    EXPECT_TRUE(talk.session.over() && talk.session.polite());
  }
}

TEST(Nbd, what_is_refused_says_why_and_the_client_may_try_again) {
  Talk talk;
  talk.hear(number(3, 4) + go("nowhere") + go("busy") + go("dut", 6) + option(3, "") +
            option(7, "short"));
  EXPECT_TRUE(talk.said_reply(7, 0x80000006u));
  EXPECT_TRUE(talk.said_reply(7, 0x80000002u));
  EXPECT_NE(talk.said.find("in use"), std::string::npos);
  EXPECT_TRUE(talk.said_reply(6, 1)) << "INFO answers, and stays in the handshake";
  EXPECT_TRUE(talk.said_reply(3, 2));
  EXPECT_TRUE(talk.said_reply(7, 0x80000003u)) << "malformed";
  EXPECT_FALSE(talk.session.entered());
  talk.hear(go("dut"));
  EXPECT_TRUE(talk.session.entered());
}

TEST(Nbd, the_old_way_in_works_too) {
  Talk talk;
  talk.hear(number(1, 4) + option(1, "dut") + request(0, 0, 512));
  EXPECT_EQ(talk.said.size(), 18u + 8 + 2 + 124);
  EXPECT_EQ(talk.requests.size(), 1u);
}

TEST(Nbd, nonsense_ends_the_connection_and_costs_no_memory) {
  const std::string hello = number(3, 4);
  for (const auto& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: disk\r\n\r\n"), hello + option(7, "")[0] + "xxxxxxx",
        hello + "IHAVEOPT" + number(7, 4) + number(0xffffffff, 4),
        hello + go("dut") + std::string(28, 'x'),
        hello + go("dut") + request(1, 0, (32u << 20) + 1),
        hello + go("dut") + request(0, 0, 0xffffffff)}) {
    Talk talk;
    talk.hear(bytes + std::string(64, 'y'));
    EXPECT_TRUE(talk.session.over());
    EXPECT_FALSE(talk.session.trouble().empty());
    EXPECT_LT(talk.session.room().size(), 4u << 20);
  }
  Talk chatter;
  for (int i = 0; i < 100; ++i) chatter.hear(i == 0 ? hello : option(3, ""));
  EXPECT_TRUE(chatter.session.over()) << "options without end";
}

TEST(Nbd, the_largest_write_fits_and_many_of_them_need_no_more_room) {
  Talk talk;
  talk.hear(number(3, 4) + go("dut"));
  const std::string large(kLongestRequest, 'w');
  for (int i = 0; i < 3; ++i) {
    talk.hear(request(0, 0, 512) + request(1, 0, kLongestRequest, large), 300'000);
    EXPECT_EQ(talk.payloads.back().size(), kLongestRequest);
  }
  EXPECT_LT(talk.session.room().size(), 36u << 20);
}

}  // namespace
}  // namespace seatrial::cutdisk::nbd
