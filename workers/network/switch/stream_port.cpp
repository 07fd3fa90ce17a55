// SPDX-License-Identifier: Apache-2.0
// A NIC of QEMU: `-netdev stream,server=on` listens on a unix socket, the switch connects. It is
// dialled again when QEMU has gone, or comes later, less and less often; `dial` does so at once.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "workers/network/switch/framing.hpp"
#include "workers/network/switch/port.hpp"

namespace seatrial::network {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostQueued = 2u << 20;
constexpr Duration kFirstRetry = 20ms, kLastRetry = 500ms;

class StreamPort final : public PortIo {
 public:
  StreamPort(Loop& loop, PortSettings settings, Take take, std::function<void()> changed)
      : loop_(loop),
        settings_(std::move(settings)),
        take_(std::move(take)),
        changed_(std::move(changed)) {}

  bool connected() const override { return static_cast<bool>(fd_); }

  bool send(std::string_view frame) override {
    if (!fd_ || out_.size() - sent_ + frame.size() + 4 > kMostQueued) return false;
    append_framed(out_, frame);
    return true;
  }

  void flush() override {
    while (fd_ && sent_ < out_.size()) {
      const auto n =
          ::send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        if (sent_ > kMostQueued / 2) drop_sent();
        watched_.events(EPOLLIN | EPOLLOUT);
        return;
      }
      if (n < 0) return gone();
      sent_ += static_cast<std::size_t>(n);
    }
    drop_sent();
    watched_.events(EPOLLIN);
  }

  std::optional<Duration> tend(Duration now) override {
    if (fd_) return std::nullopt;
    if (now < next_try_) return next_try_;
    if (connect()) return std::nullopt;
    next_try_ = now + wait_;
    wait_ = std::min(wait_ * 2, kLastRetry);
    return next_try_;
  }

  void dial(std::string path) override {
    if (!path.empty() && path != settings_.path) {
      settings_.path = std::move(path);
      gone();
    }
    if (!fd_) connect();
  }

  void describe(nlohmann::json& into) override {
    into["path"] = settings_.path;
    into["connections"] = connections_;
    into["lost_framing"] = lost_framing_;
    into["queued"] = out_.size() - sent_;
  }

 private:
  bool connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (settings_.path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, settings_.path.c_str(), settings_.path.size() + 1);
    io::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      return false;
    fd_ = std::move(fd);
    unframer_ = {};
    wait_ = kFirstRetry;
    next_try_ = {};
    ++connections_;
    watched_ = Loop::Watched(loop_, fd_.get(), EPOLLIN,
                             [this](std::uint32_t events) { on_event(events); });
    changed_();
    return true;
  }

  void on_event(std::uint32_t events) {
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive();
    if (fd_ && events & EPOLLOUT) flush();
  }

  void receive() {
    static char buffer[256 * 1024];
    const auto n = ::recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return gone();
    if (unframer_.feed(std::string_view(buffer, static_cast<std::size_t>(n)), take_)) return;
    ++lost_framing_;
    gone();
  }

  void gone() {
    if (!fd_) return;
    watched_.reset();
    fd_.reset();
    out_.clear();
    sent_ = 0;
    changed_();
  }

  void drop_sent() {
    out_.erase(0, sent_);
    sent_ = 0;
  }

  Loop& loop_;
  PortSettings settings_;
  Take take_;
  std::function<void()> changed_;
  io::UniqueFd fd_;
  Loop::Watched watched_;
  Unframer unframer_;
  std::string out_;
  std::size_t sent_ = 0;
  Duration next_try_{}, wait_ = kFirstRetry;
  std::uint64_t connections_ = 0, lost_framing_ = 0;
};

}  // namespace

std::unique_ptr<PortIo> make_stream_port(Loop& loop, const PortSettings& settings,
                                         PortIo::Take take, std::function<void()> changed) {
  return std::make_unique<StreamPort>(loop, settings, std::move(take), std::move(changed));
}

}  // namespace seatrial::network
