// SPDX-License-Identifier: Apache-2.0
// seatrial-switch as a process: stream ports as QEMU has them, its control socket, its capture.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/workers/network/switch/frames.hpp"
#include "tests/workers/network/switch/switch_rig.hpp"
#include "workers/network/pcapng.hpp"

namespace seatrial::network {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::SizeIs;

struct SwitchProgramTest : ::testing::Test {
  test::Loop loop;
  io::TempDir dir = io::TempDir::make("switch").value();
  FakeNic nic0{dir.path() / "nic0"}, nic1{dir.path() / "nic1"};
  std::optional<RunningSwitch> ethernet;

  json settings() {
    return {{"seed", 7},
            {"capture", {{"file", (dir.path() / "lab-1.pcapng").string()}}},
            {"ports",
             {{{"name", "nic0"}, {"kind", "stream"}, {"path", (dir.path() / "nic0").string()}},
              {{"name", "nic1"}, {"kind", "stream"}, {"path", (dir.path() / "nic1").string()}}}}};
  }
  void start() {
    ethernet.emplace(loop, dir.path(), settings());
    nic0.accept();
    nic1.accept();
  }
  std::vector<std::string> captured_comments() {
    std::vector<std::string> out;
    PcapngReader reader;
    const auto bytes = io::read_file(dir.path() / "lab-1.pcapng").value();
    const auto taken =
        reader.take(bytes, [&](const CapturedPacket& packet) { out.emplace_back(packet.comment); });
    EXPECT_EQ(taken.value_or(0), bytes.size());
    return out;
  }
};

TEST_F(SwitchProgramTest, frames_go_between_two_NICs_in_order) {
  start();
  for (int i = 0; i < 100; ++i) nic0.send(frame(kAll, mac(1), std::to_string(i)));
  for (int i = 0; i < 100; ++i) {
    const auto got = nic1.receive();
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(*got, frame(kAll, mac(1), std::to_string(i)));
  }
  nic1.send(frame(mac(1), mac(2)));
  EXPECT_EQ(nic0.receive(), frame(mac(1), mac(2)));
  EXPECT_EQ(ethernet->port("nic0")["counters"]["in"], 100);
  EXPECT_EQ(ethernet->port("nic0")["counters"]["out"], 1);
}

TEST_F(SwitchProgramTest, a_NIC_that_comes_later_or_anew_is_dialled) {
  start();
  EXPECT_EQ(ethernet->port("nic0")["connected"], true);
  nic0.close();
  nic0.accept();
  nic1.send(frame(kAll, mac(2)));
  EXPECT_EQ(nic0.receive(), frame(kAll, mac(2)));
  EXPECT_EQ(ethernet->port("nic0")["connections"], 2);
}

TEST_F(SwitchProgramTest, a_NIC_at_another_path_is_dialled_on_request) {
  start();
  FakeNic elsewhere(dir.path() / "later");
  const auto answer =
      ethernet->ask({{"do", "dial"}, {"port", "nic0"}, {"path", (dir.path() / "later").string()}});
  EXPECT_EQ(answer["ok"], true);
  EXPECT_EQ(ethernet->port("nic0")["connected"], true) << "at once";
  elsewhere.accept();
  nic1.send(frame(kAll, mac(2)));
  EXPECT_EQ(elsewhere.receive(), frame(kAll, mac(2)));
}

TEST_F(SwitchProgramTest, lost_framing_closes_that_connection_and_no_other) {
  start();
  nic0.send_raw("\xff\xff\xff\xff garbage");
  EXPECT_EQ(nic0.receive(), std::nullopt);
  EXPECT_TRUE(nic0.ended);
  nic0.accept();  // and it is dialled again
  nic0.send(frame(kAll, mac(1)));
  EXPECT_EQ(nic1.receive(), frame(kAll, mac(1)));
  EXPECT_EQ(ethernet->port("nic0")["lost_framing"], 1);
  EXPECT_EQ(ethernet->port("nic1")["connections"], 1);
}

TEST_F(SwitchProgramTest, frames_that_are_too_short_are_dropped_and_the_connection_stays) {
  start();
  nic0.send("");
  nic0.send("short");
  nic0.send(frame(kAll, mac(1)));
  EXPECT_EQ(nic1.receive(), frame(kAll, mac(1)));
  EXPECT_EQ(ethernet->port("nic0")["counters"]["bad"], 2);
}

TEST_F(SwitchProgramTest, a_NIC_that_does_not_read_fills_its_queue_and_stalls_nobody) {
  start();
  const auto large = frame(kAll, mac(1), std::string(60000, 'x'));
  for (int i = 0; i < 200; ++i) nic0.send(large);  // 12 MB, which nic1 leaves where they are
  EXPECT_EQ(ethernet->ask({{"do", "state"}})["ok"], true);
  ASSERT_TRUE(loop.run_until([&] { return ethernet->port("nic0")["counters"]["in"] == 200; }, 20s));
  const auto port = ethernet->port("nic1");
  EXPECT_GT(port["counters"]["queue_full"].get<int>(), 100);
  EXPECT_LE(port["queued"].get<int>(), 2 << 20);
  EXPECT_EQ(nic1.receive(), large) << "what had room is whole";
}

TEST_F(SwitchProgramTest, faults_and_links_are_set_and_read_back) {
  start();
  const auto set = ethernet->ask(
      {{"do", "faults"}, {"port", "nic1"}, {"to", {{"loss", 1}}}, {"from", {{"delay_ms", 5}}}});
  EXPECT_EQ(set["ok"], true) << set;
  EXPECT_EQ(ethernet->port("nic1")["faults"]["to"]["loss"], 1.0);
  EXPECT_EQ(ethernet->port("nic1")["faults"]["from"]["delay_ms"], 5.0);
  nic0.send(frame(kAll, mac(1), "lost"));
  ethernet->ask({{"do", "link"}, {"port", "nic0"}, {"up", false}});
  EXPECT_EQ(ethernet->port("nic0")["up"], false);
  nic0.send(frame(kAll, mac(1), "cut"));
  ASSERT_TRUE(loop.run_until([&] { return ethernet->port("nic0")["counters"]["in"] == 2; }, 20s));
  ethernet->ask({{"do", "clear"}});
  nic0.send(frame(kAll, mac(1), "through"));
  EXPECT_EQ(nic1.receive(), frame(kAll, mac(1), "through"));
  EXPECT_EQ(ethernet->ask({{"do", "flush"}})["ok"], true);
  EXPECT_THAT(captured_comments(),
              testing::ElementsAre("", "lost on purpose", "link down: dropped", ""));
}

TEST_F(SwitchProgramTest, a_delayed_frame_comes_after_its_delay) {
  start();
  ethernet->ask({{"do", "faults"}, {"port", "nic1"}, {"to", {{"delay_ms", 150}}}});
  const auto began = std::chrono::steady_clock::now();
  nic0.send(frame(kAll, mac(1)));
  ASSERT_TRUE(nic1.receive().has_value());
  EXPECT_GE(std::chrono::steady_clock::now() - began, 150ms);
}

TEST_F(SwitchProgramTest, what_it_cannot_do_is_a_failure_with_advice) {
  start();
  const auto code = [&](json request) {
    const auto answer = ethernet->ask(std::move(request));
    EXPECT_EQ(answer["ok"], false);
    EXPECT_NE(answer["failure"].value("advice", ""), "");
    return answer["failure"].value("code", "");
  };
  EXPECT_EQ(code({{"do", "fly"}}), "network.request");
  EXPECT_EQ(code({{"do", "link"}, {"port", "nic9"}, {"up", true}}), "network.no_port");
  EXPECT_EQ(code({{"do", "link"}, {"port", "nic0"}}), "input.invalid");
  EXPECT_EQ(code({{"do", "faults"}, {"port", "nic0"}, {"to", {{"loss", 7}}}}), "input.invalid");
  EXPECT_EQ(code({{"do", "capture"}, {"file", "/nowhere/x"}}), "file.missing");
  EXPECT_EQ(code(json::array({1})), "input.invalid");
  ControlLine line(ethernet->control());
  line.write("not JSON\n{\"do\":\"state\"}\n");
  EXPECT_THAT(line.line(), HasSubstr("\"ok\":false"));
  EXPECT_THAT(line.line(), HasSubstr("\"ok\":true")) << "one line does not spoil the next";
  line.write(std::string(70000, 'x'));
  EXPECT_EQ(line.line(), "") << "an endless line is hung up on";
  EXPECT_EQ(ethernet->ask({{"do", "state"}})["ok"], true);
}

TEST_F(SwitchProgramTest, one_that_is_killed_leaves_a_capture_that_can_be_read_and_comes_back) {
  start();
  nic0.send(frame(kAll, mac(1)));
  ASSERT_TRUE(nic1.receive().has_value());
  ASSERT_TRUE(loop.run_until(
      [&] {
        return ethernet->ask({{"do", "state"}})["capture"]["bytes"] ==
               std::filesystem::file_size(dir.path() / "lab-1.pcapng");
      },
      20s))
      << "the capture is written by itself soon";
  ethernet->process().signal_group(SIGKILL);
  EXPECT_EQ(nic0.receive(), std::nullopt);
  EXPECT_THAT(captured_comments(), SizeIs(1));
  start();  // its sockets are still there
  nic0.send(frame(kAll, mac(1)));
  EXPECT_TRUE(nic1.receive().has_value());
}

TEST_F(SwitchProgramTest, told_to_end_it_writes_what_it_has) {
  start();
  nic0.send(frame(kAll, mac(1)));
  ASSERT_TRUE(nic1.receive().has_value());
  const auto status = loop.run([](io::Process* p) -> Task<io::ExitStatus> {
    co_return co_await p->stop(20s);
  }(&ethernet->process()));
  EXPECT_TRUE(status.ok()) << status.describe();
  EXPECT_THAT(captured_comments(), SizeIs(1));
}

TEST_F(SwitchProgramTest, an_idle_switch_uses_no_time) {
  start();
  const double before = ethernet->ask({{"do", "state"}})["cpu_seconds"];
  loop.run_until([] { return false; }, 500ms);
  EXPECT_LT(ethernet->ask({{"do", "state"}})["cpu_seconds"].get<double>() - before, 0.02);
}

}  // namespace
}  // namespace seatrial::network
