// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/stream.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/workers/support/tasks.hpp"

namespace seatrial::bench {
namespace {
using namespace std::chrono_literals;
using Kind = StreamItem::Kind;
using model::kStreamWindow;

/// One end whose frames are kept.
struct End {
  explicit End(test::Loop& loop)
      : stream(loop.executor(), 5, [this](io::Frame frame) { out.push_back(std::move(frame)); }) {}
  std::size_t sent() const {
    std::size_t bytes = 0;
    for (const auto& frame : out)
      if (frame.binary) bytes += frame.data.size() - 8;
    return bytes;
  }
  std::vector<io::Frame> out;
  Stream stream;
};

Task<Result<>> send(Stream* stream, std::string bytes, bool* done) {
  auto sent = co_await stream->send(std::move(bytes));
  *done = true;
  co_return sent;
}

TEST(Stream, sends_no_more_than_the_window_until_there_is_credit) {
  test::Loop loop;
  End end(loop);
  bool done = false;
  loop.nursery().start("send", send(&end.stream, std::string(3 * kStreamWindow, 'x'), &done));
  EXPECT_FALSE(loop.run_until([&] { return done; }, 50ms));
  EXPECT_EQ(end.sent(), kStreamWindow);
  end.stream.on_credit(kStreamWindow);
  EXPECT_FALSE(loop.run_until([&] { return done; }, 50ms));
  EXPECT_EQ(end.sent(), 2 * kStreamWindow);
  end.stream.on_credit(10 * kStreamWindow);  // nobody gets more than the window
  EXPECT_TRUE(loop.run_until([&] { return done; }, 5s));
  EXPECT_EQ(end.sent(), 3 * kStreamWindow);
  EXPECT_EQ(model::decode_stream(end.out.front().data)->id, 5u);
}

TEST(Stream, gives_credit_for_what_was_taken_and_for_nothing_else) {
  test::Loop loop;
  End end(loop);
  const std::string half(kStreamWindow / 2, 'x');
  ASSERT_TRUE(end.stream.on_bytes(half));
  ASSERT_TRUE(end.stream.on_bytes(half));
  EXPECT_TRUE(end.out.empty());
  const auto over = end.stream.on_bytes("x");
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code(), "protocol.window");
  const auto item = loop.run(end.stream.receive());
  ASSERT_TRUE(item);
  ASSERT_FALSE(end.out.empty());
  const auto credit = model::decode(end.out.front().data, false);
  EXPECT_EQ(std::get<model::Credit>(*credit).bytes, item->bytes.size());
  EXPECT_TRUE(end.stream.on_bytes("x"));
}

TEST(Stream, events_keep_their_place_among_the_bytes) {
  test::Loop loop;
  End end(loop);
  ASSERT_TRUE(end.stream.on_bytes("before"));
  end.stream.on_event({5, "power", std::make_shared<const nlohmann::json>()});
  ASSERT_TRUE(end.stream.on_bytes("after "));
  ASSERT_TRUE(end.stream.on_bytes("it"));
  ASSERT_TRUE(end.stream.on_bytes(""));
  EXPECT_EQ(loop.run(end.stream.receive())->bytes, "before");
  EXPECT_EQ(loop.run(end.stream.receive())->name, "power");
  EXPECT_EQ(loop.run(end.stream.receive())->bytes, "after it");
  EXPECT_EQ(loop.run(end.stream.receive())->kind, Kind::end);
  EXPECT_EQ(loop.run(end.stream.receive())->kind, Kind::end);
}

TEST(Stream, that_is_closed_fails_its_sender_and_ends_its_reader) {
  test::Loop loop;
  End end(loop);
  bool done = false;
  loop.nursery().start("send", send(&end.stream, std::string(2 * kStreamWindow, 'x'), &done));
  EXPECT_FALSE(loop.run_until([&] { return done; }, 20ms));
  ASSERT_TRUE(end.stream.on_bytes("last words"));
  end.stream.close(Failure("qemu.died", Blame::bench, "it died", "look why"));
  EXPECT_TRUE(loop.run_until([&] { return done; }, 5s));
  EXPECT_EQ(loop.run(end.stream.receive())->bytes, "last words");
  EXPECT_EQ(loop.run(end.stream.receive()).error().code(), "qemu.died");
  EXPECT_EQ(loop.run(end.stream.send("x")).error().code(), "qemu.died");
  End other(loop);
  other.stream.close(std::nullopt);
  EXPECT_EQ(loop.run(other.stream.receive())->kind, Kind::end);
  EXPECT_EQ(loop.run(other.stream.send("x")).error().blame(), Blame::cancelled);
}

}  // namespace
}  // namespace seatrial::bench
