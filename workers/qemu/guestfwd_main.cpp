// SPDX-License-Identifier: Apache-2.0
// seatrial-guestfwd TARGET: what QEMU starts for each connection of the guest to a forwarded
// address. Copies between stdin/stdout (one socket, QEMU's end of the connection) and TARGET,
// "unix:PATH" or "tcp:ADDRESS:PORT", until both directions have ended. No library of ours: its
// start is latency that the guest sees.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

int connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  return -1;
}

int connect_tcp(const std::string& target) {
  const auto colon = target.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == target.npos) return -1;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(target.c_str() + colon + 1)));
  if (::inet_pton(AF_INET, target.substr(0, colon).c_str(), &address.sin_addr) != 1) return -1;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  return -1;
}

bool write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

/// Moves what is there from one side to the other; false when that direction has ended.
bool move(int from, int to) {
  static char buffer[256 * 1024];
  const ssize_t n = ::read(from, buffer, sizeof buffer);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  return n > 0 && write_all(to, buffer, static_cast<std::size_t>(n));
}

int relay(int target) {
  // poll ignores an entry whose descriptor is negative: a direction that has ended
  pollfd ends[2] = {{STDIN_FILENO, POLLIN, 0}, {target, POLLIN, 0}};
  while (ends[1].fd >= 0) {
    if (::poll(ends, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return 1;
    }
    if (ends[0].revents && !move(STDIN_FILENO, target)) {
      ::shutdown(target, SHUT_WR);  // the guest has said all; the answer may still come
      ends[0].fd = -1;
    }
    if (ends[1].revents && !move(target, STDOUT_FILENO)) ends[1].fd = -1;
  }
  // Both ends of our socket are one: when the target is done, so is the connection.
  ::shutdown(STDOUT_FILENO, SHUT_RDWR);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string target = argc == 2 ? argv[1] : "";
  ::signal(SIGPIPE, SIG_IGN);
  int fd = -1;
  if (target.starts_with("unix:")) fd = connect_unix(target.substr(5));
  if (target.starts_with("tcp:")) fd = connect_tcp(target.substr(4));
  if (fd < 0) {
    // stderr is QEMU's log; the guest sees a closed connection, as from a server that is down
    std::fprintf(stderr, "seatrial-guestfwd: cannot reach '%s': %s\n", target.c_str(),
                 std::strerror(errno));
    return 1;
  }
  return relay(fd);
}
