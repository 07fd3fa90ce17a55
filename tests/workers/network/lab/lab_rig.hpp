// SPDX-License-Identifier: Apache-2.0
#pragma once
// For tests on the real kernel: a lab network, and DUTs on its NICs that are namespaces with
// busybox in them. Where namespaces are refused, every test says so and why.

#include <signal.h>

#include "tests/workers/network/switch/switch_rig.hpp"
#include "workers/network/lab/lab.hpp"

namespace seatrial::network {

constexpr const char* kDutMac = "52:54:00:5e:a7:02";

/// A namespace with an interface of its own at a NIC's socket.
class Dut {
 public:
  Dut(test::Loop& loop, const std::filesystem::path& dir, const std::string& socket,
      const std::string& mac)
      : loop_(loop) {
    static int number = 0;
    const auto out = dir / fmt::format("dut-{}.out", ++number);
    auto command = io::cmd(SEATRIAL_BINARY_DIR "/tests/lab_dut").arg(socket).arg(mac);
    command.stdout_file = out;
    command.stderr_file = dir / "dut.err";
    process_.emplace(io::Process::start(loop.executor(), std::move(command)).value());
    EXPECT_TRUE(loop.run_until(
        [&] {
          const auto text = io::read_file(out).value_or("");
          if (!text.empty()) pid_ = std::atoi(text.c_str());
          return text.find("ready") != std::string::npos;
        },
        std::chrono::seconds(20)))
        << io::read_file(dir / "dut.err").value_or("");
  }
  /// What a command prints that runs in there (both streams), whether it works or not.
  std::string run(const std::string& command, bool* worked = nullptr) {
    auto words = inside(command + " 2>&1");
    Budget budget(std::chrono::seconds(60), command);
    const auto output = loop_.run(io::run(std::move(words), std::move(budget)));
    if (worked) *worked = output && output->status.ok();
    return output ? output->out : output.error().describe();
  }
  /// One that goes on until it is dropped.
  io::Process begin(const std::string& command) {
    return io::Process::start(loop_.executor(), inside(command)).value();
  }
  bool works(const std::string& command) {
    bool worked = false;
    last = run(command, &worked);
    return worked;
  }
  io::Process& process() { return *process_; }
  std::string last;

 private:
  io::Command inside(const std::string& command) const {
    auto words = io::cmd("nsenter").arg("-t").arg(std::to_string(pid_)).arg("-n");
    if (::geteuid() != 0) words.arg("-U").arg("--preserve-credentials");
    words.arg("bash").arg("-c").arg(command);
    return words;
  }
  test::Loop& loop_;
  std::optional<io::Process> process_;
  int pid_ = 0;
};

struct LabTest : ::testing::Test {
  test::Loop loop;
  io::TempDir dir = io::TempDir::make("lab").value();
  std::vector<Failure> troubles;
  LabSettings settings;
  std::unique_ptr<Lab> lab;
  std::unique_ptr<Dut> dut;

  LabTest() {
    settings.folder = dir.path();
    settings.nics.push_back({"nic0", kDutMac, "", "", "lab0"});
    settings.names["api.seatrial.test"] = {"10.77.0.1", "fd77::1"};
  }
  void SetUp() override {
    const auto possible = loop.run(Lab::probe());
    if (!possible) GTEST_SKIP() << possible.error().describe();
  }
  void TearDown() override {
    dut.reset();
    lab.reset();
    if (HasFailure())
      for (const char* log : {"labnet.log", "switch.log", "services.log", "dnsmasq.log"}) {
        const auto text = io::read_file(dir.path() / log).value_or("");
        std::cerr << "--- " << log << "\n"
                  << text.substr(text.size() - std::min<std::size_t>(text.size(), 3000)) << "\n";
      }
  }
  void start_lab() {
    auto started = loop.run(Lab::start(loop.nursery(), nullptr, settings,
                                       [this](const Failure& f) { troubles.push_back(f); }));
    ASSERT_TRUE(started.has_value()) << started.error().describe();
    lab = std::move(*started);
  }
  /// With the lab, one DUT and a lease.
  void start_all() {
    ASSERT_NO_FATAL_FAILURE(start_lab());
    dut = std::make_unique<Dut>(loop, dir.path(), lab->nic_socket("nic0"), kDutMac);
    const auto connected = loop.run(lab->connect());
    ASSERT_TRUE(connected.has_value()) << connected.error().describe();
  }
  /// A lease by busybox, and the address taken.
  void lease() {
    ASSERT_TRUE(
        dut->works("busybox udhcpc -i eth0 -n -q -t 10 -T 1 -s /bin/true -x hostname:dut01"))
        << dut->last;
    ASSERT_TRUE(
        dut->works("ip addr add 10.77.0.50/24 dev eth0 && ip route add default via 10.77.0.1"));
  }
  void ok(const Result<>& done) { EXPECT_TRUE(done.has_value()) << done.error().describe(); }
  std::string log(const char* name) { return io::read_file(dir.path() / name).value_or(""); }
};

}  // namespace seatrial::network
