// SPDX-License-Identifier: Apache-2.0
// seatrial-guestfwd, started as QEMU starts it: one socket as stdin and stdout.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/io_context.hpp>
#include <cstring>
#include <thread>

#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial {
namespace {
using namespace std::chrono_literals;

struct Listener {
  explicit Listener(const std::filesystem::path& path)
      : fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd.get(), 4), 0);
  }
  io::UniqueFd accept() {
    pollfd ready{fd.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ready, 1, 20'000), 1);
    return io::UniqueFd(::accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  io::UniqueFd fd;
};

std::string read_to_end(int fd) {
  std::string text;
  char chunk[65536];
  ssize_t n;
  while ((n = ::read(fd, chunk, sizeof chunk)) > 0) text.append(chunk, static_cast<std::size_t>(n));
  return text;
}

void write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    ASSERT_GT(n, 0);
    done += static_cast<std::size_t>(n);
  }
}

struct Relay {
  explicit Relay(const std::string& target) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    guest = io::UniqueFd(ends[0]);
    const io::UniqueFd theirs(ends[1]);
    auto command = io::cmd(io::own_program("seatrial-guestfwd").value().string()).arg(target);
    command.stdin_fd = command.stdout_fd = theirs.get();
    process.emplace(io::Process::start(io.get_executor(), std::move(command)).value());
  }
  boost::asio::io_context io;
  io::UniqueFd guest;
  std::optional<io::Process> process;
};

TEST(GuestForward, carries_a_request_there_and_a_long_answer_back_after_a_half_close) {
  const auto dir = io::TempDir::make("guestfwd").value();
  Listener listener(dir.path() / "s");
  Relay relay("unix:" + (dir.path() / "s").string());
  auto server = listener.accept();
  write_all(relay.guest.get(), "GET / HTTP/1.0\r\n\r\n");
  ::shutdown(relay.guest.get(), SHUT_WR);
  EXPECT_EQ(read_to_end(server.get()), "GET / HTTP/1.0\r\n\r\n");
  const std::string answer(5'000'000, 'a');
  std::thread sender([&] {
    write_all(server.get(), answer);
    server.reset();
  });
  EXPECT_EQ(read_to_end(relay.guest.get()), answer);
  sender.join();
}

TEST(GuestForward, ends_when_the_server_does_even_if_the_guest_goes_on_talking) {
  const auto dir = io::TempDir::make("guestfwd").value();
  Listener listener(dir.path() / "s");
  Relay relay("unix:" + (dir.path() / "s").string());
  listener.accept().reset();
  EXPECT_EQ(read_to_end(relay.guest.get()), "");
}

TEST(GuestForward, a_server_that_is_down_looks_like_a_closed_connection) {
  Relay relay("unix:/nowhere/at/all");
  EXPECT_EQ(read_to_end(relay.guest.get()), "");
}

TEST(GuestForward, nonsense_for_a_target_is_refused) {
  Relay relay("http://example.org");
  EXPECT_EQ(read_to_end(relay.guest.get()), "");
}

}  // namespace
}  // namespace seatrial
