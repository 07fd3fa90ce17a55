// SPDX-License-Identifier: Apache-2.0
// Good and bad days of a bench at the desk: people at its console, processes killed, terminals
// gone. The guest is one boot sector: "i" typed on its console counts up and prints the digit.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "tests/core/cli/pty.hpp"
#include "tests/e2e/tiny_os.hpp"

namespace seatrial::e2e {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

/// `seatrial console` on a terminal of its own.
struct Viewer {
  cli::Pty pty;
  std::optional<io::Process> process;
};

class DeskDays : public TinyRuns {
 protected:
  void TearDown() override {
    (void)go({"power", "off"});
    TinyRuns::TearDown();
  }
  io::Output go(std::vector<std::string> words) { return finish(command(std::move(words))); }
  io::Command power_on() const {
    return command({"power", "on", "--image", image_.string(), "--out", out().string()});
  }
  void switch_on() {
    const auto on = finish(power_on());
    ASSERT_EQ(on.status.code, 0) << on.err;
  }
  std::string state() {
    const auto status = json::parse(go({"power", "status", "--json"}).out, nullptr, false);
    return status.is_object() ? status.value("state", "?") : "no answer";
  }
  std::unique_ptr<Viewer> attach() {
    auto viewer = std::make_unique<Viewer>();
    auto console = command({"console"});
    console.stdin_fd = console.stdout_fd = console.stderr_fd = viewer->pty.program.get();
    auto process = io::Process::start(loop_.executor(), std::move(console));
    EXPECT_TRUE(process.has_value()) << process.error().describe();
    if (process) viewer->process.emplace(std::move(*process));
    EXPECT_TRUE(shows(*viewer, "leaves"));
    EXPECT_TRUE(viewer->pty.is_raw());
    return viewer;
  }
  bool shows(Viewer& viewer, const std::string& text) {
    const bool seen =
        wait_for([&] { return viewer.pty.screen().find(text) != std::string::npos; }, 30s);
    EXPECT_TRUE(seen) << text << " is not in: " << viewer.pty.screen();
    return seen;
  }
  int code_of(Viewer& viewer) {
    const auto status =
        loop_.run(within(Budget(1min, "the end of a console"), viewer.process->wait()));
    EXPECT_TRUE(status.has_value()) << status.error().describe();
    EXPECT_FALSE(viewer.pty.is_raw()) << "the terminal is put back on every way out";
    return status && status->signal == 0 ? status->code : -1;
  }
  bool nothing_left() {
    const auto path = folder_->path().string();
    return wait_for([&] { return left_over(path).empty(); }, 20s);
  }
};

TEST_F(DeskDays, power_is_switched_and_read_back_until_nothing_is_left) {
  EXPECT_EQ(state(), "none");
  switch_on();
  EXPECT_EQ(state(), "on");
  const auto again = finish(power_on());
  EXPECT_EQ(again.status.code, 3);
  EXPECT_THAT(again.err, HasSubstr("on already"));
  EXPECT_EQ(go({"power", "cycle"}).status.code, 0);
  EXPECT_EQ(go({"power", "off", "--keep"}).status.code, 0);
  EXPECT_EQ(state(), "off");
  EXPECT_EQ(go({"power", "on", "--image", "other.img"}).status.code, 2) << "its disk is another's";
  EXPECT_EQ(go({"shell", "--", "true"}).status.code, 3);
  EXPECT_EQ(go({"power", "on"}).status.code, 0);
  EXPECT_EQ(state(), "on");
  const auto off = go({"power", "off"});
  EXPECT_EQ(off.status.code, 0) << off.err;
  EXPECT_TRUE(left_over(folder_->path().string()).empty()) << "at once, not some time later";
  EXPECT_EQ(state(), "none");
  EXPECT_FALSE(fs::exists(out() / "private/disk-1.pages"));
  EXPECT_TRUE(fs::exists(out() / "console.log"));
  EXPECT_EQ(events().back().kind, "run_finished");
  EXPECT_FALSE(events().back().failure().has_value());
  EXPECT_EQ(go({"power", "off"}).status.code, 0) << "off is what was asked for";
  EXPECT_EQ(go({"power", "cycle"}).status.code, 3);
}

TEST_F(DeskDays, two_people_see_and_type_on_one_console_and_leave_one_by_one) {
  switch_on();
  const auto first = attach(), second = attach();
  EXPECT_TRUE(shows(*second, "1 more attached"));
  first->pty.type("i");
  EXPECT_TRUE(shows(*first, "1") && shows(*second, "1"));
  second->pty.type("i\x1d");
  EXPECT_EQ(code_of(*second), 0);
  EXPECT_TRUE(shows(*first, "2"));
  EXPECT_EQ(go({"power", "cycle"}).status.code, 0);
  EXPECT_TRUE(shows(*first, "power on"));
  EXPECT_EQ(go({"power", "off"}).status.code, 0);
  EXPECT_EQ(code_of(*first), 0);
  EXPECT_TRUE(shows(*first, "the desk bench was ended"));
}

TEST_F(DeskDays, a_console_without_a_desk_bench_starts_one_that_stays) {
  auto viewer = std::make_unique<Viewer>();
  auto console = command({"console", "--image", image_.string(), "--out", out().string()});
  console.stdin_fd = console.stdout_fd = console.stderr_fd = viewer->pty.program.get();
  viewer->process.emplace(*io::Process::start(loop_.executor(), std::move(console)));
  EXPECT_TRUE(shows(*viewer, "starting one"));
  EXPECT_TRUE(shows(*viewer, "power on"));
  EXPECT_TRUE(shows(*viewer, "R\n"));
  viewer->pty.type("\x1d");
  EXPECT_EQ(code_of(*viewer), 0);
  EXPECT_EQ(state(), "on");
}

TEST_F(DeskDays, qemu_dies_under_an_attached_console_which_says_so) {
  switch_on();
  const auto viewer = attach();
  ::kill(child("qemu-system"), SIGKILL);
  EXPECT_EQ(code_of(*viewer), 3);
  EXPECT_TRUE(shows(*viewer, "QEMU ended by itself"));
  EXPECT_EQ(state(), "off");
  EXPECT_EQ(go({"power", "on"}).status.code, 0);
  EXPECT_EQ(state(), "on");
}

TEST_F(DeskDays, a_killed_bench_host_is_told_once_and_leaves_nothing) {
  switch_on();
  const auto viewer = attach();
  ::kill(child("seatrial-bench"), SIGKILL);
  EXPECT_EQ(code_of(*viewer), 3);
  EXPECT_TRUE(shows(*viewer, "was killed"));
  const auto next = go({"console"});
  EXPECT_EQ(next.status.code, 3);
  EXPECT_THAT(next.err, HasSubstr("was killed"));
  EXPECT_TRUE(nothing_left());
  EXPECT_EQ(state(), "none");
}

TEST_F(DeskDays, of_two_that_start_at_once_one_is_told_that_the_desk_is_taken) {
  auto first = io::Process::start(loop_.executor(), power_on());
  auto other = command(
      {"power", "on", "--image", image_.string(), "--out", (folder_->path() / "other").string()});
  other.stderr_file = folder_->path() / "other.err";
  auto second = io::Process::start(loop_.executor(), std::move(other));
  ASSERT_TRUE(first && second);
  const auto one = loop_.run(within(Budget(1min, "one"), first->wait()));
  const auto two = loop_.run(within(Budget(1min, "two"), second->wait()));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->code + two->code, 3) << one->code << " and " << two->code;
  EXPECT_EQ(state(), "on");
  EXPECT_EQ(go({"power", "off"}).status.code, 0);
  EXPECT_TRUE(nothing_left());
}

TEST_F(DeskDays, ctrl_c_while_it_starts_leaves_nothing) {
  start(power_on());
  ASSERT_TRUE(wait_for([&] { return fs::exists(out() / "bench.log"); }));
  ::kill(pid(), SIGINT);
  const auto status = ends();
  EXPECT_EQ(status.code, 130) << status.describe();
  EXPECT_EQ(state(), "none");
  EXPECT_TRUE(nothing_left());
}

TEST_F(DeskDays, a_console_ends_by_a_signal_and_the_device_goes_on) {
  switch_on();
  for (const int signal : {SIGTERM, SIGHUP, SIGINT}) {
    const auto viewer = attach();
    ::kill(viewer->process->pid(), signal);
    EXPECT_EQ(code_of(*viewer), 130);
  }
  EXPECT_EQ(state(), "on");
}

TEST_F(DeskDays, the_device_of_a_case_that_failed_is_kept_when_asked_for) {
  // There is no shell on this guest, and no product gets the time it wants.
  auto run = run_command({"needs_a_shell", "boots"});
  run.arg("--hold-on-fail").arg("--budget-scale").arg("0.1");
  const auto red = finish(std::move(run));
  EXPECT_NE(red.status.code, 0) << red.out;
  EXPECT_THAT(red.err, HasSubstr("held for you"));
  const auto status = json::parse(go({"power", "status", "--json"}).out, nullptr, false);
  ASSERT_TRUE(status.is_object());
  EXPECT_EQ(status.value("state", ""), "on");
  EXPECT_EQ(status.value("held", ""), "scripted.needs_a_shell");
  const auto viewer = attach();
  viewer->pty.type("i");
  EXPECT_TRUE(shows(*viewer, "1"));
  EXPECT_EQ(go({"power", "off"}).status.code, 0);
  EXPECT_EQ(code_of(*viewer), 0);
  EXPECT_EQ(state(), "none");
  expect_clean_and_readable();
}

}  // namespace
}  // namespace seatrial::e2e
