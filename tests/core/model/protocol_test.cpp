// SPDX-License-Identifier: Apache-2.0
#include "core/model/protocol.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "core/model/protocol_bytes.hpp"

namespace seatrial::model {
namespace {
using nlohmann::json;

Message round_trip(const Message& message, bool from_client) {
  auto decoded = decode(*encode(message), from_client);
  EXPECT_TRUE(decoded.has_value());
  return *decoded;
}

TEST(Protocol, a_request_survives) {
  const Request request{3, "shell.run", std::make_shared<const json>(json{{"command", "true"}}),
                        2.5};
  const auto decoded = std::get<Request>(round_trip(request, true));
  EXPECT_EQ(decoded.id, 3u);
  EXPECT_EQ(decoded.verb, "shell.run");
  EXPECT_EQ(decoded.args->at("command"), "true");
  EXPECT_EQ(decoded.deadline, 2.5);
}

TEST(Protocol, a_failure_reply_keeps_blame_and_advice) {
  const Reply reply{4, nullptr,
                    Failure("mux.no_card", Blame::bench, "no card", "reseat it").with("flashing")};
  const auto decoded = std::get<Reply>(round_trip(reply, false));
  ASSERT_TRUE(decoded.failure.has_value());
  EXPECT_EQ(decoded.failure->blame(), Blame::bench);
  EXPECT_EQ(decoded.failure->advice(), "reseat it");
  EXPECT_EQ(decoded.failure->context().size(), 1u);
}

TEST(Protocol, hellos_notes_acks_aborts_and_cancels_survive) {
  EXPECT_EQ(std::get<ClientHello>(round_trip(ClientHello{.case_name = "a.b", .token = "t"}, true))
                .case_name,
            "a.b");
  EXPECT_EQ(std::get<ServerHello>(round_trip(ServerHello{.bench = "desk"}, false)).bench, "desk");
  EXPECT_EQ(std::get<seatrial::model::Note>(
                round_trip(seatrial::model::Note{9, "assertion", nullptr}, true))
                .seq,
            9u);
  EXPECT_EQ(std::get<Ack>(round_trip(Ack{9}, false)).seq, 9u);
  EXPECT_EQ(std::get<Cancel>(round_trip(Cancel{2}, true)).id, 2u);
  EXPECT_EQ(std::get<Abort>(round_trip(Abort{Failure("x", Blame::bench, "w", "a")}, false))
                .failure.code(),
            "x");
}

TEST(Protocol, words_about_streams_survive) {
  const StreamEvent event{7, "power", std::make_shared<const json>(json{{"state", "off"}})};
  const auto told = std::get<StreamEvent>(round_trip(event, false));
  EXPECT_EQ(told.id, 7u);
  EXPECT_EQ(told.kind, "power");
  EXPECT_EQ(told.data->at("state"), "off");
  const auto credit = std::get<Credit>(round_trip(Credit{7, 65536}, true));
  EXPECT_EQ(credit.id, 7u);
  EXPECT_EQ(credit.bytes, 65536u);
}

TEST(Protocol, bytes_of_a_stream_carry_their_request) {
  const std::string bytes("\0\r\xff]", 4);
  const auto frame = encode_stream(0x0102030405060708u, bytes);
  EXPECT_EQ(frame.substr(0, 8), "\x08\x07\x06\x05\x04\x03\x02\x01");
  const auto decoded = decode_stream(frame);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->id, 0x0102030405060708u);
  EXPECT_EQ(decoded->bytes, bytes);
  EXPECT_EQ(decode_stream(encode_stream(1, ""))->bytes, "");
  EXPECT_FALSE(decode_stream("1234567").has_value());
}

TEST(Protocol, versions_agree_on_the_newest_common_one_or_say_who_is_old) {
  EXPECT_EQ(*agree_on_version(3, 1, 2, 1), 2);
  const auto old_suite = agree_on_version(5, 4, 3, 1);
  ASSERT_FALSE(old_suite.has_value());
  EXPECT_NE(old_suite.error().advice().find("rebuild the suite"), std::string::npos);
}

TEST(Protocol, bytes_that_are_no_text_are_refused_where_they_would_be_sent) {
  const auto bytes = std::make_shared<const json>(json{{"content", "a\xff"}});
  const auto asked = encode(Request{3, "shell.put", bytes, 1});
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().code(), "protocol.not_text");
  EXPECT_EQ(asked.error().blame(), Blame::suite);
  EXPECT_NE(asked.error().what().find("shell.put"), std::string::npos);
  const auto answered = encode(Reply{3, bytes, std::nullopt});
  ASSERT_FALSE(answered.has_value());
  EXPECT_EQ(answered.error().code(), "protocol.not_text");
  EXPECT_EQ(answered.error().blame(), Blame::seatrial);
}

TEST(Protocol, what_is_told_to_people_gets_through_whatever_is_in_it) {
  const Failure failure("x", Blame::bench, "it said \xff", "look");
  EXPECT_EQ(std::get<Reply>(round_trip(Reply{3, nullptr, failure}, false)).failure->what(),
            "it said \uFFFD");
  EXPECT_EQ(std::get<Abort>(round_trip(Abort{failure}, false)).failure.what(), "it said \uFFFD");
  const auto words = std::make_shared<const json>(json{{"text", "\xff"}});
  EXPECT_TRUE(encode(seatrial::model::Note{1, "note", words}).has_value());
  EXPECT_TRUE(encode(StreamEvent{1, "power", words}).has_value());
}

TEST(ProtocolBytes, every_length_and_byte_survives_base64) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    const auto back = from_base64(to_base64(bytes));
    ASSERT_TRUE(back.has_value()) << i;
    EXPECT_EQ(*back, bytes);
    bytes += static_cast<char>(i * 7);
  }
  EXPECT_EQ(to_base64("\xff\xfe"), "//4=");
  for (const char* wrong : {"abc", "ab!=", "====", "a===", "ab=c", "YQ==\n"})
    EXPECT_FALSE(from_base64(wrong).has_value()) << wrong;
}

TEST(ProtocolBytes, text_is_what_json_can_carry) {
  for (const char* text : {"", "plain", "gr\u00fcn", "\u20ac", "\U0001F600", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_text(text)) << text;
    EXPECT_NO_THROW((void)json(text).dump()) << text;
  }
  EXPECT_TRUE(is_text(std::string("a\0b", 3)));
  // Alone, broken off, overlong, a surrogate, beyond Unicode.
  for (const char* bytes : {"\xff", "\x80", "a\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                            "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(is_text(bytes));
    EXPECT_THROW((void)json(bytes).dump(), json::type_error);
  }
}

TEST(ProtocolBytes, readable_text_shows_where_bytes_were) {
  const json value{{"lines", {"good", "b\xff"}}, {"at", 1.25}};
  EXPECT_EQ(readable(value), (json{{"lines", {"good", "b\uFFFD"}}, {"at", 1.25}}));
}

TEST(Protocol, hostile_frames_are_refused_and_crash_nothing) {
  for (const char* frame :
       {"", "{", "[]", "7", "null", "{}", "{\"id\":0}", "{\"id\":-1}", "{\"id\":\"x\",\"verb\":1}",
        "{\"hello\":5}", "{\"note\":[]}", "{\"event\":1}", "{\"credit\":[]}", "{\"id\":1}",
        "{\"id\":1e99,\"verb\":\"x\"}"})
    EXPECT_FALSE(decode(frame, true).has_value()) << frame;
  std::mt19937 random(1);
  const std::string valid = *encode(Request{3, "shell.run", nullptr, 1});
  for (int i = 0; i < 20000; ++i) {
    std::string mutated = valid;
    mutated[random() % mutated.size()] = static_cast<char>(random());
    (void)decode(mutated, i % 2 == 0);
  }
}

}  // namespace
}  // namespace seatrial::model
