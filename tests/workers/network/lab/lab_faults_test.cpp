// SPDX-License-Identifier: Apache-2.0
// The lab network on the real kernel: faults, VLANs, parts that die.
#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/workers/network/lab/lab_rig.hpp"

namespace seatrial::network {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

/// What ping says it received.
int received(const std::string& text) {
  const auto at = text.find(" packets received");
  const auto begin = at == text.npos ? at : text.rfind(' ', at - 1);
  return begin == text.npos ? -1 : std::atoi(text.c_str() + begin);
}

/// The shortest round trip in milliseconds.
double shortest(const std::string& text) {
  const auto at = text.find("min/avg/max = ");
  return at == text.npos ? -1 : std::atof(text.c_str() + at + 14);
}

/// Those whose command line has both words.
std::vector<int> processes_with(const std::string& one, const std::string& other) {
  std::vector<int> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    const auto line = pid > 0 ? io::read_file(entry.path() / "cmdline").value_or("") : "";
    if (line.find(other) != line.npos && line.find(one) != line.npos) out.push_back(pid);
  }
  return out;
}

TEST_F(LabTest, loss_is_about_what_was_asked_for) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(lease());
  ASSERT_TRUE(dut->works("busybox ping -c 1 -W 5 10.77.0.1"));
  Faults faults;
  faults.loss = 0.2;
  ok(loop.run(lab->set_faults("nic0", faults, Faults())));
  const int all = received(dut->run("busybox ping -c 300 -i 0.01 -W 1 10.77.0.1"));
  EXPECT_GT(all, 205);  // 240 expected, deviation 7
  EXPECT_LT(all, 275);
  ok(loop.run(lab->clear()));
  EXPECT_EQ(received(dut->run("busybox ping -c 50 -i 0.01 -W 5 10.77.0.1")), 50);
}

TEST_F(LabTest, a_delay_shows_in_every_round_trip) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(lease());
  Faults faults;
  faults.delay = 100ms;
  ok(loop.run(lab->set_faults("nic0", faults, faults)));
  EXPECT_GE(shortest(dut->run("busybox ping -c 3 -W 10 10.77.0.1")), 200);
  ok(loop.run(lab->clear()));
  EXPECT_LT(shortest(dut->run("busybox ping -c 5 -W 10 10.77.0.1")), 100);
}

TEST_F(LabTest, a_dead_network_leaves_the_carrier_up_and_comes_back_at_once) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(lease());
  ok(loop.run(lab->set_link("nic0", false)));
  EXPECT_EQ(received(dut->run("busybox ping -c 2 -W 1 10.77.0.1")), 0);
  EXPECT_THAT(dut->run("cat /sys/class/net/eth0/carrier; ip -br link show eth0"), HasSubstr("UP"));
  ok(loop.run(lab->set_link("nic0", true)));
  EXPECT_EQ(received(dut->run("busybox ping -c 2 -W 5 10.77.0.1")), 2);
}

TEST_F(LabTest, two_segments_do_not_see_each_other) {
  settings.segments.push_back({"lab1", 20, "192.168.77", ""});
  settings.nics.push_back({"nic1", "52:54:00:5e:a7:03", "", "", "lab1"});
  ASSERT_NO_FATAL_FAILURE(start_lab());
  dut = std::make_unique<Dut>(loop, dir.path(), lab->nic_socket("nic0"), kDutMac);
  Dut other(loop, dir.path(), lab->nic_socket("nic1"), "52:54:00:5e:a7:03");
  ok(loop.run(lab->connect()));
  EXPECT_TRUE(other.works("busybox udhcpc -i eth0 -n -q -t 10 -T 1 -s /bin/true")) << other.last;
  EXPECT_THAT(other.last, HasSubstr("192.168.77.51"));
  ASSERT_TRUE(
      other.works("ip addr add 192.168.77.51/24 dev eth0; ip addr add 10.77.0.51/24 dev eth0"));
  ASSERT_NO_FATAL_FAILURE(lease());
  EXPECT_EQ(received(other.run("busybox ping -c 2 -W 5 192.168.77.1")), 2);
  EXPECT_EQ(received(other.run("busybox ping -c 2 -W 1 10.77.0.50")), 0) << "another VLAN";
  EXPECT_EQ(received(dut->run("busybox ping -c 2 -W 5 10.77.0.1")), 2);
}

TEST_F(LabTest, a_switch_that_is_killed_is_trouble_of_the_bench_and_can_be_healed) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(lease());
  // A look flushes the capture: what is younger than 0.1 s may go with a switch that is killed.
  ASSERT_EQ(loop.run(lab->observed(0))->dhcp.size(), 4u);
  // PIDs in the lab's answers are those of its namespace: look for it from outside
  const auto found =
      processes_with(lab->settings().switch_program, lab->settings().sockets.string());
  ASSERT_EQ(found.size(), 1u);
  ::kill(found.front(), SIGKILL);
  ASSERT_TRUE(loop.run_until([&] { return !troubles.empty(); }, 20s));
  EXPECT_EQ(troubles[0].code(), "network.part_died");
  EXPECT_EQ(troubles[0].blame(), Blame::bench);
  EXPECT_THAT(troubles[0].what(), HasSubstr("switch"));
  const auto dead = loop.run(lab->check());
  EXPECT_FALSE(dead.has_value());
  ok(loop.run(lab->heal()));
  ok(loop.run(lab->connect()));
  EXPECT_EQ(received(dut->run("busybox ping -c 2 -W 5 10.77.0.1")), 2)
      << "addresses and daemons stayed";
  EXPECT_TRUE(std::filesystem::exists(dir.path() / "lab-2.pcapng"));
  EXPECT_EQ(loop.run(lab->observed(0))->dhcp.size(), 4u) << "of before, too";
}

TEST_F(LabTest, nothing_outlives_a_lab_that_is_killed) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  const auto mine = lab->settings().sockets.string();
  const auto count = [&] { return processes_with("", mine).size(); };
  // labnet twice, switch, services, dnsmasq, and the DUT's two
  EXPECT_EQ(count(), 7u);
  dut.reset();
  ::kill(lab->pid(), SIGKILL);
  EXPECT_TRUE(loop.run_until([&] { return count() == 0; }, 20s)) << count();
  ASSERT_TRUE(loop.run_until([&] { return !troubles.empty(); }, 20s));
  EXPECT_EQ(troubles.back().code(), "network.died");
}

TEST_F(LabTest, two_labs_with_the_same_addresses_live_side_by_side) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  auto other_settings = settings;
  const auto elsewhere = io::TempDir::make("lab").value();
  other_settings.folder = elsewhere.path();
  auto second =
      loop.run(Lab::start(loop.nursery(), nullptr, other_settings, [](const Failure&) {}));
  ASSERT_TRUE(second.has_value()) << second.error().describe();
  ASSERT_NO_FATAL_FAILURE(lease());
  EXPECT_EQ(received(dut->run("busybox ping -c 2 -W 5 10.77.0.1")), 2);
}

/// For the time of a test: seatrial-labnet is run in a network of its own, with an interface eth7
/// that stands for a NIC of a lab host, whose cable, wire7, stays outside the lab.
class LabHost {
 public:
  explicit LabHost(const std::filesystem::path& dir) {
    const auto script = dir / "seatrial-labnet";
    const auto real = io::own_program("seatrial-labnet").value().string();
    EXPECT_TRUE(
        io::write_file_atomic(script,
                              "#!/bin/sh\nexec unshare -n sh -c 'ip link add eth7 type veth "
                              "peer name wire7 && ip link set wire7 up && ip addr add "
                              "10.77.0.60/24 dev wire7 && exec " +
                                  real + " \"$@\"' sh \"$@\"\n",
                              0755)
            .has_value());
    std::filesystem::create_symlink(io::own_program("seatrial-switch").value(),
                                    dir / "seatrial-switch");
    ::setenv("SEATRIAL_BIN", dir.c_str(), 1);
  }
  ~LabHost() { ::unsetenv("SEATRIAL_BIN"); }
};

TEST_F(LabTest, a_NIC_of_the_host_joins_the_lab_and_unfinished_checksums_are_told) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives a NIC of the host away";
  settings.nics = {{"nic0", "", "", "eth7", "lab0"}};
  const auto bin = io::TempDir::make("bin").value();
  {
    const LabHost host(bin.path());
    ASSERT_NO_FATAL_FAILURE(start_lab());
  }
  ok(loop.run(lab->connect()));
  const auto outside = [&](const std::string& command) {
    auto words = io::cmd("nsenter").arg("-t").arg(std::to_string(lab->pid())).arg("-n");
    words.arg("sh").arg("-c").arg(command + " 2>&1");
    const auto output = loop.run(io::run(std::move(words), Budget(30s, command)));
    return output ? output->out : output.error().describe();
  };
  EXPECT_EQ(received(outside("busybox ping -c 2 -W 5 10.77.0.1")), 2)
      << "ICMP has its own checksum";
  ok(loop.run(lab->check()));
  outside("busybox nslookup api.seatrial.test 10.77.0.1");  // UDP, whose checksum nobody finishes
  const auto checked = loop.run(lab->check());
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().code(), "network.checksums");
  EXPECT_EQ(checked.error().blame(), Blame::bench);
}

/// The first line that `seatrial-labnet probe` prints when it is run by something.
nlohmann::json probed(test::Loop& loop, io::Command by) {
  by.arg(io::own_program("seatrial-labnet").value().string()).arg("probe");
  const auto output = loop.run(io::run(std::move(by), Budget(20s, "a probe")));
  return nlohmann::json::parse(output ? output->out : output.error().what(), nullptr, false);
}

TEST_F(LabTest, a_machine_that_refuses_is_said_with_advice) {
  auto strict = io::cmd("unshare").arg("-Ur").arg("sh").arg("-c");
  strict.arg("echo 0 > /proc/sys/user/max_net_namespaces && exec \"$0\" \"$@\"");
  const auto line = probed(loop, std::move(strict));
  ASSERT_TRUE(line.is_object());
  EXPECT_EQ(line["ready"], false);
  EXPECT_EQ(line["failure"]["code"], "network.refused");
  EXPECT_EQ(line["failure"]["blame"], "bench");
  EXPECT_THAT(line["failure"]["advice"].get<std::string>(), HasSubstr("max_net_namespaces"));
}

TEST_F(LabTest, an_ordinary_user_may_have_a_lab_too) {
  if (::geteuid() != 0) GTEST_SKIP() << "this user is an ordinary one: all the other tests show it";
  auto nobody = io::cmd("setpriv").arg("--reuid=65534").arg("--regid=65534").arg("--clear-groups");
  const auto line = probed(loop, std::move(nobody));
  ASSERT_TRUE(line.is_object());
  EXPECT_EQ(line["ready"], true) << line;
}

TEST_F(LabTest, a_NIC_that_is_not_there_is_said_before_a_guest_is_blamed) {
  ASSERT_NO_FATAL_FAILURE(start_lab());
  const auto connected = loop.run(lab->connect());
  ASSERT_FALSE(connected.has_value());
  EXPECT_EQ(connected.error().code(), "network.not_connected");
  EXPECT_EQ(connected.error().blame(), Blame::bench);
}

}  // namespace
}  // namespace seatrial::network
