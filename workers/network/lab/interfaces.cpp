// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/interfaces.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "core/io/process.hpp"

namespace seatrial::network {
namespace {

using namespace std::chrono_literals;

Failure interface_failure(const std::string& name, std::string_view what, std::string_view why) {
  return Failure("network.interface", Blame::bench,
                 fmt::format("cannot {} {} of the lab network: {}", what, name, why),
                 "see labnet.log in the run folder; the kernel needs tun or veth, and IPv6");
}

Result<io::UniqueFd> make_tap(const std::string& name) {
  // not closed on exec: the switch inherits it (its other siblings are started without)
  io::UniqueFd fd(::open("/dev/net/tun", O_RDWR));
  if (!fd) return interface_failure(name, "open /dev/net/tun for", std::strerror(errno));
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0)
    return interface_failure(name, "make the tap", std::strerror(errno));
  return fd;
}

/// A veth promises hardware that finishes checksums, and has none: whoever reads the other end as
/// raw frames sees wrong ones. ICMP would work, UDP and TCP would not.
Result<> finish_checksums(const std::string& name) {
  const io::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_value off{ETHTOOL_STXCSUM, 0};
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&off);
  if (!fd || ::ioctl(fd.get(), SIOCETHTOOL, &request) != 0)
    return interface_failure(name, "switch off checksum offload of", std::strerror(errno));
  return {};
}

/// A setting of the interface that makes things quicker or tidier, not possible.
void prefer(const std::string& interface, const char* setting, const char* value) {
  const auto file = fmt::format("/proc/sys/net/ipv6/conf/{}/{}", interface, setting);
  const io::UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd) (void)!::write(fd.get(), value, std::strlen(value));
}

Result<> ip_batch(std::string lines) {
  auto command = io::cmd("ip").arg("-batch").arg("-");
  command.input = std::move(lines);
  Budget budget(20s, "the interfaces of the lab network");
  auto done = io::run_blocking(std::move(command), std::move(budget));
  if (!done && done.error().code() == "program.missing") return program_missing("ip");
  if (!done) return done.error();
  if (!done->status.ok()) return interface_failure("the interfaces", "set up", done->err);
  return {};
}

std::string addresses(const Segment& segment) {
  std::string lines;
  if (!segment.net4.empty())
    lines += fmt::format("addr add {}/24 dev {}\n", segment.lab4(), segment.name);
  if (!segment.net6.empty())
    lines += fmt::format("addr add {}/64 dev {} nodad\n", segment.lab6(), segment.name);
  return lines;
}

}  // namespace

Failure program_missing(const std::string& program) {
  const bool ip = program == "ip";
  return Failure(
      "network.program_missing", Blame::bench,
      fmt::format("the lab network needs {}, which is not installed", program),
      fmt::format("apt-get install {}, or run ./sea setup", ip ? "iproute2" : "dnsmasq-base"));
}

Result<LabInterfaces> make_interfaces(const LabSettings& settings) {
  LabInterfaces made;
  made.kind = settings.link;
  std::string links = "link set lo up\n", up;
  for (const auto& segment : settings.segments) {
    LabInterface one{segment.name, {}, {}};
    if (made.kind != "veth") {
      auto tap = make_tap(segment.name);
      if (!tap && settings.link == "tap") return tap.error();
      made.kind = tap ? "tap" : "veth";
      if (tap) one.tap = std::move(*tap);
    }
    if (made.kind == "veth") {
      one.far = segment.name + "-s";
      // no address and no ARP of its own on the switch's end: it is a wire
      links += fmt::format("link add {0} type veth peer name {1}\n", segment.name, one.far);
      up += fmt::format("link set {} addrgenmode none arp off up\n", one.far);
    }
    up += fmt::format("link set {} up\n", segment.name) + addresses(segment);
    made.all.push_back(std::move(one));
  }
  for (const auto& nic : settings.nics)  // moved in, which took it down: a wire, too
    if (!nic.interface.empty())
      up += fmt::format("link set {} addrgenmode none arp off up\n", nic.interface);
  CHECK_OK(ip_batch(links));
  for (const auto& one : made.all) {
    prefer(one.name, "accept_ra", "0");
    prefer(one.name, "accept_dad", "0");
    // It calls itself a router when it is asked for its address: hosts drop the default route to
    // one that does not (RFC 4861, 7.2.5). Nothing is forwarded by it: that is another switch,
    // "all".
    prefer(one.name, "forwarding", "1");
    if (!one.far.empty()) {
      prefer(one.far, "disable_ipv6", "1");
      CHECK_OK(finish_checksums(one.name));
    }
  }
  CHECK_OK(ip_batch(up));
  return made;
}

Result<> move_interface(const std::string& interface, int pid) {
  return ip_batch(fmt::format("link set dev {} netns {}\n", interface, pid))
      .with("moving " + interface + " into the lab network");
}

}  // namespace seatrial::network
