// SPDX-License-Identifier: Apache-2.0
// What may happen while a run goes: parts killed, Ctrl-C at any moment, no QEMU, no space. The
// bench ends safe, nobody is blamed who is not to blame, and what was recorded can be read.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/tiny_os.hpp"

namespace seatrial::e2e {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class BadDays : public TinyRuns {};

TEST_F(BadDays, a_good_day_to_compare_with) {
  const auto said = finish(run_command({"passes", "boots"}));
  EXPECT_EQ(said.status.code, 0) << said.out << said.err;
  EXPECT_EQ(finished("boots")->text("verdict"), "pass");
  EXPECT_TRUE(fs::exists(out() / "report.html"));
  EXPECT_FALSE(fs::exists(out() / "guard.log")) << "the guard had nothing to do";
  EXPECT_FALSE(fs::exists(out() / "private/disk-1.pages")) << "a disk is no evidence, and large";
  const auto began = events().front();
  EXPECT_EQ(began.kind, "run_started");
  EXPECT_EQ((*began)["bench"]["instruments"]["accelerator"], "tcg") << "SEATRIAL_ACCEL=tcg";
  expect_clean_and_readable();
}

TEST_F(BadDays, qemu_killed_by_hand_is_a_bench_error_with_its_words_and_the_next_case_runs) {
  start(run_command({"boots_and_waits", "boots"}));
  ASSERT_TRUE(sees("boot", "scripted.boots_and_waits"));
  const int qemu = child("qemu-system");
  ASSERT_NE(qemu, 0);
  ::kill(qemu, SIGKILL);
  EXPECT_EQ(ends().code, 3);
  const auto first = finished("boots_and_waits");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->text("verdict"), "error");
  ASSERT_TRUE(first->failure().has_value());
  EXPECT_EQ(first->failure()->code(), "qemu.died");
  EXPECT_EQ(first->failure()->blame(), Blame::bench);
  EXPECT_THAT(first->failure()->what(), HasSubstr("signal 9"));
  ASSERT_TRUE(finished("boots").has_value());
  EXPECT_EQ(finished("boots")->text("verdict"), "pass");
  expect_clean_and_readable();
}

TEST_F(BadDays, an_api_stand_in_killed_by_hand_is_a_bench_error_and_the_next_case_has_another) {
  start(run_command({"boots_and_waits", "boots"}));
  ASSERT_TRUE(sees("boot", "scripted.boots_and_waits"));
  const int cloud = child("seatrial-cloud");
  ASSERT_NE(cloud, 0);
  ::kill(cloud, SIGKILL);
  EXPECT_EQ(ends().code, 3);
  const auto first = finished("boots_and_waits");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->text("verdict"), "error");
  ASSERT_TRUE(first->failure().has_value());
  EXPECT_EQ(first->failure()->code(), "cloud.died");
  EXPECT_EQ(first->failure()->blame(), Blame::bench);
  ASSERT_TRUE(finished("boots").has_value());
  EXPECT_EQ(finished("boots")->text("verdict"), "pass");
  expect_clean_and_readable();
}

TEST_F(BadDays, a_suite_killed_by_hand_costs_its_case_alone) {
  start(run_command({"boots_and_waits", "boots"}));
  ASSERT_TRUE(sees("boot", "scripted.boots_and_waits"));
  const int suite = [&] {  // its path is that of the suites folder, its case is its own
    for (const auto& entry : left_over(home_->path().string()))
      if (entry.find("--case") != std::string::npos) return std::stoi(entry);
    return 0;
  }();
  ASSERT_NE(suite, 0);
  ::kill(suite, SIGKILL);
  EXPECT_EQ(ends().code, 3);
  ASSERT_TRUE(finished("boots_and_waits").has_value());
  EXPECT_EQ(finished("boots_and_waits")->failure()->code(), "suite.crashed");
  EXPECT_EQ(finished("boots_and_waits")->failure()->blame(), Blame::suite);
  EXPECT_EQ(finished("boots")->text("verdict"), "pass");
  expect_clean_and_readable();
}

TEST_F(BadDays, a_bench_host_that_is_killed_leaves_nothing_running_and_a_report) {
  start(run_command({"boots_and_waits", "boots"}));
  ASSERT_TRUE(sees("boot", "scripted.boots_and_waits"));
  const int host = child("seatrial-bench");
  ASSERT_NE(host, 0);
  const auto owner = out() / "bench.pid";
  EXPECT_EQ(io::read_file(owner).value(), std::to_string(host) + "\n");
  const io::UniqueFd lock(::open(owner.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_NE(::flock(lock.get(), LOCK_EX | LOCK_NB), 0) << "its run folder is its own";
  ::kill(host, SIGKILL);
  EXPECT_EQ(ends().code, 3);
  EXPECT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0) << "the command waits for the guard";
  EXPECT_TRUE(fs::exists(out() / "report.html"));
  EXPECT_THAT(left_over(home_->path().string()), IsEmpty());
  EXPECT_TRUE(fs::exists(out() / "guard.log")) << "the guard says what it did";
  EXPECT_FALSE(fs::exists(out() / "private/disk-1.pages")) << "nor does a killed run leave it";
  expect_clean_and_readable();
}

TEST_F(BadDays, a_command_that_is_killed_leaves_nothing_running_and_its_log_says_how_it_ended) {
  start(run_command({"boots_and_waits", "boots"}));
  ASSERT_TRUE(sees("boot", "scripted.boots_and_waits"));
  ::kill(pid(), SIGKILL);
  EXPECT_EQ(ends().signal, SIGKILL);
  ASSERT_TRUE(sees("run_finished")) << "the bench host ends in good order by itself";
  EXPECT_EQ(finished("boots_and_waits")->text("verdict"), "not_run");
  expect_clean_and_readable();
}

TEST_F(BadDays, ctrl_c_while_an_image_is_made_ends_the_makers_too) {
  const auto tools = folder_->path() / "tools";
  fs::create_directories(tools);
  const auto maker = tools / "mmdebstrap";
  const auto mark = folder_->path() / "making";
  // Two levels, as apt below the real one; its temporary folder is cleaned as the real one's is.
  ASSERT_TRUE(io::write_file_atomic(maker, "#!/bin/bash\nbash -c 'echo > " + mark.string() +
                                               "; sleep 1000; : " + folder_->path().string() +
                                               "'\nexit 1\n")
                  .has_value());
  ::chmod(maker.c_str(), 0755);
  auto run = command({"run", "--out", out().string()});
  run.env.emplace_back("PATH", tools.string() + ":" + std::getenv("PATH"));
  run.env.emplace_back("SEATRIAL_CACHE", (folder_->path() / "cache").string());
  run.env.erase(run.env.begin() + 1);  // a cache of its own, and empty
  start(std::move(run));
  ASSERT_TRUE(wait_for([&] { return fs::exists(mark); }))
      << io::read_file(folder_->path() / "said").value_or("");
  ::kill(pid(), SIGINT);
  EXPECT_EQ(ends().code, 130);
  EXPECT_TRUE(wait_for([&] { return left_over(folder_->path().string()).empty(); }, 10s))
      << left_over(folder_->path().string()).front();
  EXPECT_FALSE(fs::exists(out())) << "a run folder for a run that never was";
  for (const auto& entry : fs::directory_iterator(folder_->path() / "cache/tmp"))
    ADD_FAILURE() << "half an image stays in the cache: " << entry.path();
}

TEST_F(BadDays, ctrl_c_during_boot_leaves_the_bench_safe_and_blames_nobody) {
  start(run_command({"needs_a_shell", "boots"}));
  ASSERT_TRUE(sees("power", "scripted.needs_a_shell"));
  ::kill(pid(), SIGINT);
  EXPECT_EQ(ends().code, 130);
  EXPECT_EQ(finished("needs_a_shell")->text("verdict"), "not_run");
  EXPECT_EQ(finished("boots")->text("verdict"), "not_run");
  EXPECT_TRUE(fs::exists(out() / "report.html"));
  expect_clean_and_readable();
}

TEST_F(BadDays, ctrl_c_during_a_case_leaves_the_bench_safe_and_blames_nobody) {
  start(run_command({"boots_and_waits"}));
  ASSERT_TRUE(sees("boot", "scripted.boots_and_waits"));
  ::kill(pid(), SIGINT);
  EXPECT_EQ(ends().code, 130);
  EXPECT_EQ(finished("boots_and_waits")->text("verdict"), "not_run");
  EXPECT_TRUE(fs::exists(out() / "report.html"));
  expect_clean_and_readable();
}

TEST_F(BadDays, a_second_ctrl_c_ends_it_at_once) {
  start(run_command({"boots_and_waits"}));
  ASSERT_TRUE(sees("boot", "scripted.boots_and_waits"));
  ::kill(pid(), SIGINT);
  ::kill(pid(), SIGINT);
  EXPECT_EQ(ends().code, 130);
  expect_clean_and_readable();
}

TEST_F(BadDays, ctrl_c_during_the_report_leaves_whole_files_and_the_report_can_be_made_again) {
  start(run_command({"passes"}));
  ASSERT_TRUE(sees("run_finished"));
  ::kill(pid(), SIGINT);
  const auto status = ends();
  EXPECT_TRUE(status.signal == SIGINT || status.code == 130 || status.code == 0)
      << status.describe();
  if (const auto page = io::read_file(out() / "report.html")) {
    EXPECT_THAT(*page, HasSubstr("</html>")) << "half a report";
  }
  expect_clean_and_readable();
}

TEST_F(BadDays, without_qemu_the_run_says_what_to_install) {
  const auto tools = folder_->path() / "tools";
  fs::create_directories(tools);
  for (const char* name : {"ssh-keygen", "ssh", "mcopy", "mtype", "mdir", "mlabel"})
    fs::create_symlink(io::find_program(name).value(), tools / name);
  auto run = run_command({"boots"});
  run.env.emplace_back("PATH", tools.string());
  const auto said = finish(std::move(run));
  EXPECT_EQ(said.status.code, 3) << said.err;
  ASSERT_TRUE(finished("boots").has_value()) << said.err;
  EXPECT_EQ(finished("boots")->text("verdict"), "error");
  EXPECT_EQ(finished("boots")->failure()->code(), "qemu.missing");
  EXPECT_THAT(finished("boots")->failure()->advice(), HasSubstr("qemu-system-x86"));
  EXPECT_THAT(said.out, HasSubstr("qemu-system-x86_64 is not installed"));
  expect_clean_and_readable();
}

TEST_F(BadDays, a_log_at_its_size_limit_ends_the_run_as_a_bench_error_and_the_report_is_made) {
  auto run = io::cmd("prlimit").arg("--fsize=2000000");
  const auto inner = run_command({"fills_the_log", "boots"});
  run.arg(inner.program);
  for (const auto& word : inner.args) run.arg(word);
  run.env = inner.env;
  const auto said = finish(std::move(run));
  EXPECT_EQ(said.status.code, 3) << said.out << said.err;
  EXPECT_LE(fs::file_size(out() / "events.jsonl"), 2'000'000u);
  const auto log = model::read_event_log(out() / "events.jsonl");
  ASSERT_TRUE(log.has_value());
  EXPECT_FALSE(log->torn) << "a record is whole or left out";
  EXPECT_TRUE(fs::exists(out() / "report.html")) << said.err;
  EXPECT_FALSE(finished("boots").has_value() && finished("boots")->text("verdict") == "pass");
  expect_clean_and_readable();
}

/// A file system in memory that can be made smaller while it is used.
class SmallDisk {
 public:
  explicit SmallDisk(fs::path at) : at_(std::move(at)) {
    fs::create_directories(at_);
    mounted_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=600m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  /// From now on nothing more fits.
  bool fill() const {
    for (int spare = 0; spare < 64; ++spare) {
      const auto space = fs::space(at_);
      const auto pages = (space.capacity - space.free) / 4096 + static_cast<unsigned>(spare);
      const auto size = "size=" + std::to_string(pages * 4) + "k";
      if (::mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT, size.c_str()) == 0) return true;
    }
    return false;
  }

 private:
  fs::path at_;
  bool mounted_ = false;
};

TEST_F(BadDays, a_disk_that_fills_up_ends_the_run_as_a_bench_error_and_the_report_is_made) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root; the test of the size limit ran";
  const SmallDisk disk(out());
  ASSERT_TRUE(disk.mounted());
  start(run_command({"fills_the_log", "boots"}));
  ASSERT_TRUE(sees("step_finished", "scripted.fills_the_log")) << "the case itself begins now";
  ASSERT_TRUE(disk.fill());
  EXPECT_EQ(ends().code, 3);
  const auto said = io::read_file(folder_->path() / "said").value_or("");
  EXPECT_THAT(said, HasSubstr("No space left on device"));
  ASSERT_TRUE(finished("fills_the_log").has_value()) << said;
  EXPECT_EQ(finished("fills_the_log")->text("verdict"), "error");
  EXPECT_EQ(finished("fills_the_log")->failure()->blame(), Blame::bench);
  EXPECT_EQ(finished("boots")->text("verdict"), "not_run");
  EXPECT_TRUE(fs::exists(out() / "report.html")) << said;
  expect_clean_and_readable();
}

}  // namespace
}  // namespace seatrial::e2e
