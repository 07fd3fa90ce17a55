// SPDX-License-Identifier: Apache-2.0
// NICs on the lab network: real QEMU and the real switch.
#include <nlohmann/json.hpp>

#include "tests/workers/network/switch/switch_rig.hpp"
#include "tests/workers/qemu/tiny_guest.hpp"

namespace seatrial::qemu {
namespace {
using namespace std::chrono_literals;
using network::RunningSwitch;
using nlohmann::json;
using test::TinyMachine;

struct NicsTest : ::testing::Test {
  test::Loop loop;
  io::TempDir dir = io::TempDir::make("nics").value();
  TinyMachine tiny{loop, dir.path() / "machine"};

  std::string socket(const std::string& nic) const { return (dir.path() / nic).string(); }
  json ports() const {
    json out = json::array();
    for (const char* nic : {"nic0", "nic1"})
      out.push_back({{"name", nic}, {"kind", "stream"}, {"path", socket(nic)}});
    return {{"ports", out}};
  }
  void plug_in() {
    auto spec = tiny.spec();
    spec.nics = {{"nic0", "52:54:00:5e:a7:02", socket("nic0")},
                 {"nic1", "52:54:00:5e:a7:03", socket("nic1")}};
    ASSERT_TRUE(tiny.machine->respec(spec).has_value());
  }
};

TEST_F(NicsTest, are_connected_before_the_guest_runs_and_after_every_reset) {
  RunningSwitch ethernet(loop, dir.path(), ports());
  plug_in();
  int asked = 0;
  tiny.machine->on_nics([&]() -> Task<Result<>> {
    ++asked;
    for (const char* nic : {"nic0", "nic1"}) ethernet.ask({{"do", "dial"}, {"port", nic}});
    co_return Result<>();
  });
  ASSERT_TRUE(tiny.boots());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(ethernet.port("nic0")["connected"], true);
  EXPECT_EQ(ethernet.port("nic1")["connected"], true);
  const auto before = tiny.line->text.size();
  ASSERT_TRUE(loop.run(tiny.machine->reset()).has_value());
  ASSERT_TRUE(tiny.says("R", before));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(ethernet.port("nic0")["connections"], 2) << "a new process, a new connection";
  ASSERT_TRUE(loop.run(tiny.machine->hard_off()).has_value());
  EXPECT_TRUE(loop.run_until([&] { return ethernet.port("nic0")["connected"] == false; }, 20s));
}

TEST_F(NicsTest, get_a_new_switch_while_the_guest_runs) {
  plug_in();
  {
    RunningSwitch first(loop, dir.path(), ports());
    ASSERT_TRUE(tiny.boots()) << "the switch finds QEMU by itself, too";
  }
  RunningSwitch second(loop, dir.path(), ports());
  EXPECT_TRUE(loop.run_until(
      [&] {
        return second.port("nic0")["connected"] == true && second.port("nic1")["connected"] == true;
      },
      20s));
  EXPECT_TRUE(tiny.failures.empty());
}

TEST_F(NicsTest, without_a_switch_are_the_benchs_fault) {
  plug_in();
  const auto on = tiny.power_on();
  ASSERT_FALSE(on.has_value());
  EXPECT_EQ(on.error().code(), "network.not_connected");
  EXPECT_EQ(on.error().blame(), Blame::bench);
  EXPECT_FALSE(tiny.machine->on()) << "nothing is left running";
}

}  // namespace
}  // namespace seatrial::qemu
