// SPDX-License-Identifier: Apache-2.0
#include "core/io/websocket.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

#include "core/io/file.hpp"

namespace seatrial::io {
namespace {

Task<std::string> echo_once(WebSocketListener& listener) {
  auto socket = co_await listener.accept();
  if (!socket) co_return socket.error().describe();
  auto frame = co_await socket->receive();
  if (!frame || !*frame) co_return "no frame";
  if (socket->peer_pid() != ::getpid()) co_return "wrong peer";
  auto sent = co_await socket->send((*frame)->data);
  if (!sent) co_return sent.error().describe();
  auto end = co_await socket->receive();
  co_return end && !*end ? "closed" : "no end";
}

TEST(WebSocket, a_blocking_client_and_an_async_server_understand_each_other) {
  const auto dir = TempDir::make("ws").value();
  boost::asio::io_context io;
  auto listener = WebSocketListener::listen(io.get_executor(), dir.path() / "s");
  ASSERT_TRUE(listener.has_value()) << listener.error().describe();
  auto served = boost::asio::co_spawn(io, echo_once(*listener), boost::asio::use_future);
  std::thread server([&] { io.run(); });
  {
    auto client = BlockingWebSocket::connect(dir.path() / "s");
    ASSERT_TRUE(client.has_value()) << client.error().describe();
    const std::string big(3 << 20, 'x');
    ASSERT_TRUE(client->send(big).has_value());
    auto frame = client->receive();
    ASSERT_TRUE(frame.has_value() && frame->has_value());
    EXPECT_EQ((*frame)->data, big);
    client->close();
  }
  server.join();
  EXPECT_EQ(served.get(), "closed");
}

TEST(WebSocket, nobody_listening_is_a_failure_with_the_path) {
  const auto client = BlockingWebSocket::connect("/nonexistent/socket");
  ASSERT_FALSE(client.has_value());
  EXPECT_NE(client.error().what().find("/nonexistent/socket"), std::string::npos);
}

TEST(WebSocket, a_path_too_long_for_a_unix_socket_is_said_so) {
  boost::asio::io_context io;
  const auto listener =
      WebSocketListener::listen(io.get_executor(), "/tmp/" + std::string(120, 'x'));
  ASSERT_FALSE(listener.has_value());
  EXPECT_EQ(listener.error().code(), "socket.path_too_long");
}

}  // namespace
}  // namespace seatrial::io
