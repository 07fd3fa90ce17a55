// SPDX-License-Identifier: Apache-2.0
#pragma once
// A capture over a socketpair whose other end the test holds, and a loop that runs until a task is
// done.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <optional>

#include "core/base/nursery.hpp"
#include "core/io/file.hpp"
#include "workers/console/capture.hpp"

namespace seatrial::console {

using namespace std::chrono_literals;

inline io::TempDir temp_dir() {
  auto dir = io::TempDir::make("console-test");
  EXPECT_TRUE(dir.has_value());
  return std::move(*dir);
}

class Rig {
 public:
  Rig() : dir(temp_dir()), capture(io.get_executor(), Clock::system(), open_log(), nullptr) {
    ::signal(SIGPIPE, SIG_IGN);
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    device = io::UniqueFd(fds[0]);
    channel = fd_channel(io.get_executor(), io::UniqueFd(fds[1]));
  }

  ConsoleLog open_log() {
    auto log = ConsoleLog::open(dir.path());
    EXPECT_TRUE(log.has_value());
    return std::move(*log);
  }

  /// The device prints.
  void print(std::string_view text) {
    ASSERT_EQ(::write(device.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void hang_up() { device.reset(); }

  /// Runs the task while the capture reads; what the task gave.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    std::exception_ptr thrown;
    auto all = [&]() -> Task<> {
      Nursery nursery(io.get_executor());
      nursery.start("capture", capture.run(channel));
      try {
        out.emplace(co_await std::move(task));
      } catch (...) {
        thrown = std::current_exception();
      }
      nursery.cancel();
      const auto joined = co_await nursery.join();
      EXPECT_TRUE(joined.has_value()) << joined.error().describe();
    };
    boost::asio::co_spawn(io, all(), [](std::exception_ptr e) {
      if (e) std::rethrow_exception(e);
    });
    io.restart();
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*out);
  }

  PatternSet::Ptr patterns(std::vector<Pattern> list) {
    auto set = PatternSet::compile(std::move(list));
    EXPECT_TRUE(set.has_value()) << set.error().describe();
    return *set;
  }

  boost::asio::io_context io;
  io::TempDir dir;
  Capture capture;
  io::UniqueFd device;
  std::shared_ptr<Channel> channel;
};

}  // namespace seatrial::console
