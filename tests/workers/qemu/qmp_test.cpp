// SPDX-License-Identifier: Apache-2.0
// The QMP client against a scripted peer on a real unix socket.
#include "workers/qemu/qmp.hpp"

#include <gmock/gmock.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

#include "core/io/file.hpp"
#include "tests/workers/support/tasks.hpp"

namespace seatrial::qemu {
namespace {
namespace asio = boost::asio;
using asio::local::stream_protocol;
using nlohmann::json;
using namespace std::chrono_literals;

/// What the peer does with the n-th line it reads: text to send; a '|' makes a pause in it.
using Script = std::function<std::string(const json& command)>;

constexpr const char* kGreeting =
    R"({"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": []}})"
    "\r\n";

std::string reply(const json& command, const std::string& value) {
  return R"({"return": )" + value + R"(, "id": )" + command["id"].dump() + "}\r\n";
}

struct QmpTest : ::testing::Test {
  io::TempDir dir = io::TempDir::make("qmp_test").value();
  test::Loop loop;
  std::filesystem::path path = dir.path() / "qmp";
  stream_protocol::acceptor acceptor{loop.io, stream_protocol::endpoint(path.string())};
  std::vector<std::string> events;
  std::vector<std::string> asked;

  static Task<Result<>> serve(QmpTest* self, std::string greeting, Script script) {
    auto peer = co_await self->acceptor.async_accept(asio::use_awaitable);
    co_await send(&peer, greeting);
    std::string buffer;
    for (;;) {
      boost::system::error_code error;
      const auto n =
          co_await asio::async_read_until(peer, asio::dynamic_buffer(buffer), '\n',
                                          asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return Result<>();
      const auto command = json::parse(buffer.substr(0, n));
      buffer.erase(0, n);
      self->asked.push_back(command["execute"]);
      const std::string answer =
          self->asked.back() == "qmp_capabilities" ? reply(command, "{}") : script(command);
      if (answer == "hang up") co_return Result<>();
      co_await send(&peer, answer);
    }
  }

  static Task<> send(stream_protocol::socket* to, std::string text) {
    for (std::size_t begin = 0; begin < text.size();) {
      const auto bar = std::min(text.find('|', begin), text.size());
      co_await asio::async_write(*to, asio::buffer(text.data() + begin, bar - begin),
                                 asio::use_awaitable);
      begin = bar + 1;
      if (bar < text.size()) co_await pause(2ms);
    }
  }

  Result<std::shared_ptr<Qmp>> connect(Script script, std::string greeting = kGreeting) {
    loop.nursery().start("peer", serve(this, std::move(greeting), std::move(script)));
    auto sink = [this](const std::string& name, const json& data) {
      events.push_back(name + data.dump());
    };
    return loop.run(Qmp::connect(loop.nursery(), path, sink, Budget(5s, "QMP")));
  }
};

TEST_F(QmpTest, a_command_gets_its_value_however_the_bytes_are_cut) {
  auto qmp = connect([](const json& command) {
    std::string text = reply(command, R"({"status": "running"})");
    for (std::size_t i = 1; i < text.size(); i += 4) text.insert(i, "|");
    return text;
  });
  ASSERT_TRUE(qmp.has_value()) << qmp.error().describe();
  const auto status = loop.run((*qmp)->execute("query-status"));
  ASSERT_TRUE(status.has_value()) << status.error().describe();
  EXPECT_EQ((*status)["status"], "running");
  EXPECT_THAT(asked, ::testing::ElementsAre("qmp_capabilities", "query-status"));
}

TEST_F(QmpTest, events_between_replies_reach_the_sink_in_order) {
  auto qmp = connect([](const json& command) {
    return R"({"event": "STOP", "timestamp": {}})"
           "\n"
           R"({"event": "RESET", "data": {"guest": true}, "timestamp": {}})"
           "\n" +
           reply(command, "{}");
  });
  ASSERT_TRUE(qmp.has_value());
  ASSERT_TRUE(loop.run((*qmp)->execute("cont")).has_value());
  EXPECT_THAT(events, ::testing::ElementsAre("STOP{}", R"(RESET{"guest":true})"));
}

Task<Result<std::string>> both(std::shared_ptr<Qmp> qmp) {
  const auto executor = co_await asio::this_coro::executor;
  Nursery nursery(executor);
  std::string order;
  const auto ask = [](std::shared_ptr<Qmp> qmp, std::string name,
                      std::string* order) -> Task<Result<>> {
    auto value = co_await qmp->execute(name);
    *order += value ? value->get<std::string>() + " " : value.error().code();
    co_return Result<>();
  };
  nursery.start("one", ask(qmp, "one", &order));
  nursery.start("two", ask(qmp, "two", &order));
  CO_CHECK_OK(co_await nursery.join());
  co_return order;
}

TEST_F(QmpTest, replies_may_come_in_another_order_than_the_commands) {
  json first;
  auto qmp = connect([&](const json& command) -> std::string {
    if (command["execute"] == "one") {
      first = command;
      return "";
    }
    return reply(command, R"("second")") + reply(first, R"("first")");
  });
  ASSERT_TRUE(qmp.has_value());
  EXPECT_EQ(loop.run(both(*qmp)).value(), "second first ");
}

TEST_F(QmpTest, a_refusal_carries_the_words_of_qemu) {
  auto qmp = connect([](const json& command) {
    return R"({"error": {"class": "GenericError", "desc": "no such device"}, "id": )" +
           command["id"].dump() + "}\n";
  });
  ASSERT_TRUE(qmp.has_value());
  const auto refused = loop.run((*qmp)->execute("device_del"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), "qmp.error");
  EXPECT_THAT(refused.error().what(), ::testing::HasSubstr("no such device"));
}

TEST_F(QmpTest, a_connection_that_ends_ends_what_is_in_flight_at_once) {
  auto qmp = connect([](const json&) { return "hang up"; });
  ASSERT_TRUE(qmp.has_value());
  const auto begin = Clock::system().monotonic();
  const auto lost = loop.run((*qmp)->execute("stop"));
  EXPECT_LT(Clock::system().monotonic() - begin, 3s);
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code(), "qmp.gone");
  EXPECT_FALSE((*qmp)->open());
  EXPECT_EQ(loop.run((*qmp)->execute("stop")).error().code(), "qmp.gone");
}

TEST_F(QmpTest, a_peer_that_never_answers_costs_its_budget_and_no_more) {
  auto qmp = connect([](const json& command) {
    return command["execute"] == "silence" ? std::string() : reply(command, "1");
  });
  ASSERT_TRUE(qmp.has_value());
  const auto late = loop.run((*qmp)->execute("silence", json(), Budget(50ms, "an answer")));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code(), "deadline");
  EXPECT_EQ(loop.run((*qmp)->execute("other")).value(), 1) << "the connection is still good";
}

TEST_F(QmpTest, something_else_on_the_socket_is_said_to_be_so) {
  const auto qmp = connect([](const json&) { return ""; }, "220 smtp ready\r\n");
  ASSERT_FALSE(qmp.has_value());
  EXPECT_EQ(qmp.error().code(), "qmp.protocol");
}

TEST_F(QmpTest, a_flood_without_a_newline_is_cut_off) {
  const auto qmp = connect([](const json&) { return std::string(18u << 20, 'x'); });
  ASSERT_TRUE(qmp.has_value());
  const auto flooded = loop.run((*qmp)->execute("x"));
  ASSERT_FALSE(flooded.has_value());
  EXPECT_EQ(flooded.error().code(), "qmp.protocol");
}

TEST_F(QmpTest, arguments_travel_as_they_are) {
  json seen;
  auto qmp = connect([&](const json& command) {
    seen = command["arguments"];
    return reply(command, R"("text\r\n")");
  });
  ASSERT_TRUE(qmp.has_value());
  EXPECT_EQ(loop.run((*qmp)->human("info \"usernet\"")).value(), "text\r\n");
  EXPECT_EQ(seen["command-line"], "info \"usernet\"");
}

}  // namespace
}  // namespace seatrial::qemu
