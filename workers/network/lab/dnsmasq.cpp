// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/dnsmasq.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace seatrial::network {
namespace {

/// What a case may add; nothing that runs programs or reads files.
constexpr std::array<std::string_view, 8> kAllowed{
    "dhcp-option=", "dhcp-option-force=", "dhcp-host=",        "dhcp-range=",
    "dhcp-ignore=", "ra-param=",          "dhcp-reply-delay=", "dhcp-rapid-commit"};

std::string ranges(const Segment& segment) {
  std::string out;
  if (!segment.net4.empty())
    out += fmt::format(
        "dhcp-range=set:{0},{1}.100,{1}.200,255.255.255.0,10m\n"
        "dhcp-option=tag:{0},option:ntp-server,{2}\n",
        segment.name, segment.net4, segment.lab4());
  if (!segment.net6.empty())
    out += fmt::format(
        "dhcp-range=set:{0},{1}:100,{1}:1ff,slaac,64,10m\n"
        "dhcp-option=tag:{0},option6:ntp-server,[{2}]\n"
        "ra-param={0},10,600\n",
        segment.name, segment.net6, segment.lab6());
  return out;
}

}  // namespace

Result<std::string> dnsmasq_conf(const LabSettings& settings, const DhcpManner& manner,
                                 const std::filesystem::path& log) {
  // no-ping: an offer at once; leasefile-ro: leases are in the log, not in a file
  std::string out = fmt::format(
      "bind-interfaces\nexcept-interface=lo\nno-resolv\nno-hosts\nno-ping\nleasefile-ro\n"
      "dhcp-authoritative\ncache-size=0\nno-negcache\nserver=127.0.0.1#{}\nenable-ra\nlog-dhcp\n"
      "log-queries\nlog-async=100\nlog-facility={}\npid-file=\n",
      kDnsBehind, log.string());
  for (const auto& segment : settings.segments) {
    out += "interface=" + segment.name + "\n";
    if (manner.off.count(segment.name))
      out += "no-dhcp-interface=" + segment.name + "\n";
    else
      out += ranges(segment);
  }
  for (const auto& nic : settings.nics) {
    const auto four = settings.address4(nic), six = settings.address6(nic);
    if (nic.mac.empty()) continue;
    out += "dhcp-host=" + nic.mac + (four.empty() ? "" : "," + four) +
           (six.empty() ? "" : ",[" + six + "]") + "\n";
  }
  for (const auto& line : manner.extra) {
    const bool allowed = std::any_of(kAllowed.begin(), kAllowed.end(),
                                     [&](auto begin) { return line.starts_with(begin); });
    if (!allowed || line.find_first_of("\n\r") != line.npos)
      return Failure("network.dhcp", Blame::suite,
                     "this line may not be added to the DHCP server: " + line,
                     "lines begin with " + fmt::format("{}", fmt::join(kAllowed, ", ")));
    out += line + "\n";
  }
  return out;
}

io::Command dnsmasq_command(const std::filesystem::path& conf) {
  // Empty user and group: it stays who it is. Another one cannot be had in a user namespace.
  auto command = io::cmd("dnsmasq").arg("--keep-in-foreground").arg("--user=").arg("--group=");
  command.arg("--conf-file=" + conf.string());
  return command;
}

}  // namespace seatrial::network
