// SPDX-License-Identifier: Apache-2.0
// A bench at the desk with a real OS, as a person uses it. Two boots; its bad days need none and
// are in desk_days_test.cpp.
#include <unistd.h>

#include <algorithm>

#include "tests/e2e/product.hpp"

namespace seatrial::e2e {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

class Desk : public testing::Test {
 protected:
  Desk() : dir_(io::TempDir::make("desk").value()), out_(dir_.path() / "run") {}
  ~Desk() override { (void)go({"power", "off"}); }  // also after a failed assertion

  /// The words with this test's own desk: another one of the same user is left alone.
  std::vector<std::string> words(std::vector<std::string> verb) const {
    const auto dashes = std::find(verb.begin(), verb.end(), "--");
    const std::string more[] = {"--desk", "e2e-" + std::to_string(::getpid())};
    verb.insert(dashes, std::begin(more), std::end(more));
    return verb;
  }
  io::Output go(std::vector<std::string> verb, std::string input = {}) {
    auto command = seatrial(words(std::move(verb)));
    command.input = std::move(input);
    auto output = io::run_blocking(std::move(command), Budget(5min, "seatrial"));
    EXPECT_TRUE(output.has_value()) << output.error().describe();
    return output ? *output : io::Output{};
  }
  std::string state() {
    const auto status = json::parse(go({"power", "status", "--json"}).out, nullptr, false);
    return status.is_object() ? status.value("state", "?") : "no answer";
  }
  io::TempDir dir_;
  fs::path out_;
};

TEST_F(Desk, has_a_device_that_stays_with_a_console_and_a_shell_until_it_is_switched_off) {
  EXPECT_EQ(state(), "none");
  const auto on = go({"power", "on", "--out", out_.string()});
  ASSERT_EQ(on.status.code, 0) << on.err;
  EXPECT_NE(on.out.find("on: qemu-amd64 with refos-1.0.0"), std::string::npos) << on.out;
  EXPECT_EQ(state(), "on");
  const auto again = go({"power", "on"});
  EXPECT_EQ(again.status.code, 3);
  EXPECT_NE(again.err.find("on already"), std::string::npos) << again.err;

  const auto shell = go({"shell", "--", "cat; echo trouble >&2; exit 7"}, std::string("a\0b\n", 4));
  EXPECT_EQ(shell.status.code, 7) << shell.err;
  EXPECT_EQ(shell.out, std::string("a\0b\n", 4));
  EXPECT_NE(shell.err.find("trouble"), std::string::npos) << shell.err;
  EXPECT_EQ(go({"shell", "--", "printf", "%s|", "a b", "*"}).out, "a b|*|");
  EXPECT_EQ(go({"shell", "--", "exit 255"}).status.code, 255);

  const auto console = go({"console", "--backlog", "0"}, "root\necho $((6*7))-seen\n");
  EXPECT_EQ(console.status.code, 0) << console.err;
  EXPECT_NE(console.out.find("42-seen"), std::string::npos) << console.out;
  EXPECT_NE(io::read_file(out_ / "console.log")->find("42-seen"), std::string::npos);

  // What only an OS can do: it stops when the button is pressed, and its disk is there afterwards.
  EXPECT_EQ(go({"shell", "--", "touch /mnt/data/kept"}).status.code, 0);
  const auto soft = go({"power", "off", "--soft", "--keep"});
  EXPECT_EQ(soft.status.code, 0) << soft.err;
  EXPECT_EQ(state(), "off");
  EXPECT_EQ(go({"shell", "--", "true"}).status.code, 3);
  EXPECT_EQ(go({"power", "on"}).status.code, 0);
  EXPECT_EQ(go({"shell", "--", "ls /mnt/data/kept"}).out, "/mnt/data/kept\n");

  const auto off = go({"power", "off"});
  EXPECT_EQ(off.status.code, 0) << off.err;
  EXPECT_EQ(state(), "none");
  EXPECT_TRUE(left_over(out_.string()).empty()) << left_over(out_.string()).front();
  EXPECT_EQ(go({"power", "off"}).status.code, 0);
  const auto log = model::read_event_log(out_ / "events.jsonl");
  ASSERT_TRUE(log.has_value()) << log.error().describe();
  EXPECT_EQ(log->events.back().kind, "run_finished");
  EXPECT_FALSE(log->events.back().failure().has_value());
}

}  // namespace
}  // namespace seatrial::e2e
