// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/line_server.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace seatrial::network {
namespace {

constexpr std::size_t kMostClients = 16, kLongestLine = 64 * 1024;

}  // namespace

LineServer::LineServer(Loop& loop, io::UniqueFd fd, std::filesystem::path path, Answer answer)
    : loop_(loop), fd_(std::move(fd)), path_(std::move(path)), answer_(std::move(answer)) {
  watched_ = Loop::Watched(loop_, fd_.get(), EPOLLIN, [this](std::uint32_t) { accept(); });
}

LineServer::~LineServer() { ::unlink(path_.c_str()); }

Result<std::unique_ptr<LineServer>> LineServer::listen(Loop& loop, std::filesystem::path path,
                                                       Answer answer) {
  const auto failed = [&](std::string_view why) {
    return Failure("network.control", Blame::bench,
                   fmt::format("cannot listen on {}: {}", path.string(), why),
                   "give a path of at most 107 bytes in a folder that can be written");
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return failed("the path is too long");
  std::memcpy(address.sun_path, path.c_str(), path.native().size() + 1);
  io::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ::unlink(path.c_str());
  if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 16) != 0)
    return failed(std::strerror(errno));
  return std::unique_ptr<LineServer>(
      new LineServer(loop, std::move(fd), std::move(path), std::move(answer)));
}

void LineServer::accept() {
  for (;;) {
    io::UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return;
    if (clients_.size() >= kMostClients) continue;
    const int number = fd.get();
    auto& client = clients_[number];
    client.fd = std::move(fd);
    client.watched =
        Loop::Watched(loop_, number, EPOLLIN, [this, number](std::uint32_t) { serve(number); });
  }
}

void LineServer::serve(int number) {
  Client& client = clients_.at(number);
  char buffer[4096];
  const auto n = ::recv(client.fd.get(), buffer, sizeof buffer, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  bool keep = n > 0;
  if (keep) client.in.append(buffer, static_cast<std::size_t>(n));
  for (std::size_t end = 0; keep && (end = client.in.find('\n')) != std::string::npos;) {
    const std::string out = answer_(std::string_view(client.in).substr(0, end)) + "\n";
    client.in.erase(0, end + 1);
    const auto sent = ::send(client.fd.get(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    keep = sent == static_cast<ssize_t>(out.size());
  }
  if (keep && client.in.size() <= kLongestLine) return;
  client.watched.reset();
  clients_.erase(number);
}

}  // namespace seatrial::network
