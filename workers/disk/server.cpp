// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>

#include "core/base/clock.hpp"
#include "core/io/file.hpp"
#include "workers/disk/connection.hpp"

namespace seatrial::cutdisk {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostConnections = 64;

std::uint64_t monotonic() {
  return static_cast<std::uint64_t>(Clock::system().monotonic().count());
}

Result<io::UniqueFd> listen_at(const fs::path& path) {
  // Under another name until it listens: whoever sees the socket can connect to it.
  const fs::path fresh = path.string() + ".n";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (fresh.string().size() >= sizeof address.sun_path)
    return Failure("disk.socket", Blame::bench,
                   "the path of a socket is too long: " + path.string(), "take a shorter folder");
  std::memcpy(address.sun_path, fresh.c_str(), fresh.string().size() + 1);
  ::unlink(fresh.c_str());
  io::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 16) != 0 || ::rename(fresh.c_str(), path.c_str()) != 0)
    return io::file_failure("listen at", path, errno);
  return fd;
}

io::UniqueFd accept_from(int fd) {
  return io::UniqueFd(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

}  // namespace

struct Server::State {
  explicit State(Service s) : service(std::move(s)) {}
  Service service;
  io::UniqueFd nbd, control, signals;
  fs::path nbd_path, control_path;
  std::list<DiskConnection> disks;
  std::list<ControlConnection> controls;

  std::vector<pollfd> wanted() const;
  int timeout(std::uint64_t now) const;
  void serve(const std::vector<pollfd>& polled, std::uint64_t now);
  void send_all(std::uint64_t now);
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() {
  ::unlink(state_->nbd_path.c_str());
  ::unlink(state_->control_path.c_str());
}
const Service& Server::service() const { return state_->service; }

Result<std::unique_ptr<Server>> Server::open(Service service, const fs::path& nbd,
                                             const fs::path& control) {
  auto state = std::make_unique<State>(std::move(service));
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  state->signals = io::UniqueFd(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!state->signals) return io::file_failure("watch signals for", nbd, errno);
  TRY(state->control, listen_at(control));
  TRY(state->nbd, listen_at(nbd));
  state->nbd_path = nbd;
  state->control_path = control;
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

/// In order: signals, listeners, disk connections, control connections.
std::vector<pollfd> Server::State::wanted() const {
  std::vector<pollfd> out{{signals.get(), POLLIN, 0}};
  const bool room = disks.size() + controls.size() < kMostConnections;
  out.push_back({room ? nbd.get() : -1, POLLIN, 0});
  out.push_back({room ? control.get() : -1, POLLIN, 0});
  const auto add = [&](const auto& connection) {
    const int events =
        (connection.wants_input() ? POLLIN : 0) | (connection.wants_output() ? POLLOUT : 0);
    out.push_back({connection.fd(), static_cast<short>(events), 0});
  };
  for (const auto& connection : disks) add(connection);
  for (const auto& connection : controls) add(connection);
  return out;
}

int Server::State::timeout(std::uint64_t now) const {
  std::uint64_t next = UINT64_MAX;
  for (const auto& connection : disks) next = std::min(next, connection.next_due().value_or(next));
  for (const auto& connection : controls)
    next = std::min(next, connection.next_due().value_or(next));
  if (next == UINT64_MAX) return -1;
  return next <= now
             ? 0
             : static_cast<int>(std::min<std::uint64_t>((next - now) / 1'000'000 + 1, 60'000));
}

void Server::State::serve(const std::vector<pollfd>& polled, std::uint64_t now) {
  auto entry = polled.begin() + 3;
  constexpr short kGone = POLLHUP | POLLERR | POLLNVAL;
  for (auto it = disks.begin(); it != disks.end(); ++entry) {
    const bool read = (entry->revents & (POLLIN | kGone)) != 0;
    if (read && !it->receive(now)) {
      it->close();
      it = disks.erase(it);
    } else {
      ++it;
    }
  }
  for (auto it = controls.begin(); it != controls.end(); ++entry) {
    const bool read = (entry->revents & (POLLIN | kGone)) != 0;
    it = read && !it->receive(now) ? controls.erase(it) : std::next(it);
  }
  if (polled[1].revents)
    if (auto fd = accept_from(nbd.get())) disks.emplace_back(std::move(fd), service);
  if (polled[2].revents)
    if (auto fd = accept_from(control.get())) controls.emplace_back(std::move(fd), service);
}

void Server::State::send_all(std::uint64_t now) {
  for (auto it = disks.begin(); it != disks.end();) {
    if (it->flush(now)) {
      ++it;
      continue;
    }
    it->close();
    it = disks.erase(it);
  }
  for (auto it = controls.begin(); it != controls.end();)
    it = it->flush(now) ? std::next(it) : controls.erase(it);
}

Result<> Server::run() {
  State& state = *state_;
  for (;;) {
    auto polled = state.wanted();
    if (::poll(polled.data(), polled.size(), state.timeout(monotonic())) < 0) {
      if (errno == EINTR) continue;
      return io::file_failure("wait for clients of", state.nbd_path, errno);
    }
    if (polled[0].revents) return {};
    state.serve(polled, monotonic());
    state.send_all(monotonic());
  }
}

}  // namespace seatrial::cutdisk
