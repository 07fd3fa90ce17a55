// SPDX-License-Identifier: Apache-2.0
// A tap: an interface of the kernel whose other end is the switch. No offload is asked for, so the
// kernel gives whole frames with full checksums, tags included.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "workers/network/switch/frame.hpp"
#include "workers/network/switch/port.hpp"

namespace seatrial::network {
namespace {

class TapPort final : public PortIo {
 public:
  TapPort(Loop& loop, io::UniqueFd fd, std::string interface, Take take)
      : fd_(std::move(fd)), interface_(std::move(interface)), take_(std::move(take)) {
    ::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
    watched_ = Loop::Watched(loop, fd_.get(), EPOLLIN, [this](std::uint32_t) { receive(); });
  }

  bool connected() const override { return true; }
  bool send(std::string_view frame) override {
    if (::write(fd_.get(), frame.data(), frame.size()) >= 0) return true;
    ++write_errors_;  // EIO: the interface is down
    return false;
  }
  void describe(nlohmann::json& into) override {
    into["interface"] = interface_;
    into["write_errors"] = write_errors_;
  }

 private:
  void receive() {
    static char buffer[kLargestFrame];
    for (int i = 0; i < 64; ++i) {  // a flood here must not starve the other ports
      const auto n = ::read(fd_.get(), buffer, sizeof buffer);
      if (n <= 0) return;
      take_(std::string_view(buffer, static_cast<std::size_t>(n)));
    }
  }

  io::UniqueFd fd_;
  std::string interface_;
  Take take_;
  Loop::Watched watched_;
  std::uint64_t write_errors_ = 0;
};

}  // namespace

Result<std::unique_ptr<PortIo>> make_tap_port(Loop& loop, const PortSettings& settings,
                                              PortIo::Take take) {
  if (settings.fd >= 0) {
    io::UniqueFd fd(::fcntl(settings.fd, F_DUPFD_CLOEXEC, 3));
    ifreq name{};
    if (!fd || ::ioctl(fd.get(), TUNGETIFF, &name) != 0)
      return port_failure(settings, "take the open tap", errno, "pass a tap that is open");
    return std::make_unique<TapPort>(loop, std::move(fd), name.ifr_name, std::move(take));
  }
  io::UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!fd)
    return port_failure(settings, "open /dev/net/tun", errno,
                        "load the module tun and give this user access to the device, or use a "
                        "port of kind \"packet\" on a veth");
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  std::strncpy(request.ifr_name, settings.interface.c_str(), IFNAMSIZ - 1);
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0)
    return port_failure(settings, "make the tap", errno,
                        "it takes CAP_NET_ADMIN in this network namespace, and a free name");
  return std::make_unique<TapPort>(loop, std::move(fd), settings.interface, std::move(take));
}

}  // namespace seatrial::network
