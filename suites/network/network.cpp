// SPDX-License-Identifier: Apache-2.0
// network: the device gets an address, takes the one it is given, and answers to its name. What the
// device says about itself is compared with what the network saw of it.
#include <algorithm>

#include "suites/kit/suite.hpp"

SUITE(network,
      needs(Cap::power, Cap::storage, Cap::shell, Cap::boots, Cap::network, Cap::observe_network),
      budget(4min))

namespace {

/// Device towards the network's router, with or without a default route.
std::string uplink(Bench& bench) {
  return bench.output("ip -4 route get " + bench.network().plan().gateway +
                      " | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p' | head -n 1");
}

/// Routers of the default routes; an isolated network hands out none.
std::vector<std::string> routers(Bench& bench) {
  return bench.run("ip -4 route show default | sed -n 's/.* via \\([^ ]*\\).*/\\1/p'").lines();
}

/// "10.0.2.15/24" of a device, one per line.
std::vector<std::string> addresses(Bench& bench, const std::string& device) {
  return bench.run("ip -4 -o addr show dev " + device + " | sed 's/.* inet \\([^ ]*\\).*/\\1/'")
      .lines();
}

std::string mac_of(Bench& bench, const std::string& device) {
  return bench.output("cat /sys/class/net/" + device + "/address");
}

}  // namespace

CASE(network, dhcp_address, from(Checkpoint::fresh), mutants("dhcp_not_used", "dhcp_off"),
     doc("Without any configuration the device asks by DHCP and uses exactly what it was given: "
         "address, gateway and name server.")) {
  bench.power_on();
  bench.wait_for_shell(bench.budget("boot_to_ssh"));
  const auto device = uplink(bench);
  const auto mac = mac_of(bench, device);

  const auto seen = bench.network().observed(bench.current_boot().at);
  auto given = std::find_if(seen.dhcp.rbegin(), seen.dhcp.rend(), [&](const DhcpExchange& each) {
    return each.type == "ack" && each.mac == mac;
  });
  ASSERT_NE(given, seen.dhcp.rend()) << "the network saw no DHCP lease for " << mac;

  const auto plan = bench.network().plan();
  EXPECT_THAT(addresses(bench, device),
              ElementsAre(given->address + "/" + std::to_string(plan.prefix)));
  std::vector<std::string> gateway;
  if (!given->gateway.empty()) gateway.push_back(given->gateway);
  EXPECT_EQ(routers(bench), gateway) << "not the router of the lease";
  EXPECT_EQ(bench.run("nmcli -g IP4.DNS device show " + device + " | tr -s ' |' '\\n\\n'").lines(),
            given->dns)
      << "not the name servers of the lease";
  EXPECT_THAT(seen.sources, Contains(given->address)) << "no packet came from the leased address";
}

CASE(
    network, static_address_from_system_connections, from(Checkpoint::fresh), needs(Cap::cloud),
    mutants("system_connections_ignored"),
    doc("A profile in system-connections of the boot partition is taken over at boot, readable for "
        "root alone, and the device lives at that address without asking anybody.")) {
  const auto plan = bench.network().plan();
  bench.require(!plan.free.empty(), "the bench's network has an address to give away");
  const auto address = plan.free.front();
  bench.write_medium("boot", "system-connections/seatrial-static",
                     "[connection]\nid=seatrial-static\ntype=ethernet\nautoconnect-priority=100\n\n"
                     "[ipv4]\nmethod=manual\naddress1=" +
                         address + "/" + std::to_string(plan.prefix) + "," + plan.gateway +
                         "\ndns=" + plan.dns + ";\n\n[ipv6]\nmethod=ignore\n");
  const auto requests = bench.cloud().mark();

  bench.power_on();
  bench.network().follow(address);
  // The API first: it hears the device wherever that lives, so a wrong address is told as such.
  bench.cloud().wait(requests, "", "/*",
                     within(bench.budget("boot_to_ssh").span + bench.budget("provisioning").span));
  ASSERT_THAT(bench.network().observed(bench.current_boot().at).sources, Contains(address))
      << "the device is on the network, but not at the address of the profile";
  bench.wait_for_shell(bench.budget("boot_to_ssh"));
  const auto device = uplink(bench);
  EXPECT_THAT(addresses(bench, device), ElementsAre(address + "/" + std::to_string(plan.prefix)));
  EXPECT_THAT(routers(bench), ElementsAre(plan.gateway));
  EXPECT_EQ(bench.output("nmcli -g GENERAL.CONNECTION device show " + device), "seatrial-static");
  const auto copy = bench.profile().path("system_connections") + "/seatrial-static";
  EXPECT_EQ(bench.output("stat -c '%a %U' " + copy), "600 root") << "a profile may hold secrets";

  // From outside: it sent from there and nowhere else, asked no DHCP server, and reached the API.
  const auto seen = bench.network().observed(bench.current_boot().at);
  EXPECT_THAT(seen.sources, Contains(address));
  EXPECT_THAT(seen.sources, Not(Contains(plan.dhcp))) << "it sent from the address DHCP gives out";
  EXPECT_THAT(seen.dhcp, IsEmpty()) << "it asked a DHCP server";
}

CASE(network, hostname_default_and_by_config, from(Checkpoint::booted), needs(Cap::config_json),
     mutants("config_json_not_watched", "hostname_missing"),
     doc("The host name is the start of the uuid; hostname in config.json changes it at run time, "
         "and the network hears the new name; without it the default is back.")) {
  const Boot before = bench.current_boot();
  const auto uuid = bench.config()["uuid"].text();
  ASSERT_GE(uuid.size(), 7u) << "config.json has no uuid";
  const auto standard = uuid.substr(0, 7);
  EXPECT_EQ(bench.output("cat /etc/hostname"), standard) << "the default is uuid[0:7]";
  EXPECT_EQ(bench.output("cat /proc/sys/kernel/hostname"), standard);

  const auto takes_effect = [&](const std::string& name) {
    bench.network().wait_for_name(name + ".local", within(30s));
    bench.wait_until("the host name is " + name,
                     "test \"$(cat /proc/sys/kernel/hostname)\" = " + name, within(20s));
    EXPECT_EQ(bench.output("cat /etc/hostname"), name);
  };
  bench.configure({{"hostname", "seatrial-tug"}});
  takes_effect("seatrial-tug");
  bench.configure({}, {"hostname"});
  takes_effect(standard);

  EXPECT_EQ(bench.current_boot().boot_id, before.boot_id) << "it took a reboot";
  EXPECT_EQ(bench.config()["uuid"].text(), uuid);
}
