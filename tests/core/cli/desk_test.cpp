// SPDX-License-Identifier: Apache-2.0
// The desk: where it is found, in which state, and the small parts of its verbs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/cli/desk/keys.hpp"
#include "core/cli/desk/place.hpp"
#include "core/cli/desk/power.hpp"
#include "core/cli/desk/shell.hpp"
#include "core/cli/desk/waiting.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

TEST(Keys, are_written_in_the_usual_ways) {
  EXPECT_EQ(*parse_key("^]"), '\x1d');
  EXPECT_EQ(*parse_key("ctrl-a"), '\x01');
  EXPECT_EQ(*parse_key("Ctrl-X"), '\x18');
  EXPECT_EQ(*parse_key("none"), std::nullopt);
  for (const char* wrong : {"", "^", "x", "^1", "ctrl-", "alt-x", "^]]"})
    EXPECT_FALSE(parse_key(wrong)) << wrong;
  EXPECT_EQ(key_name(kLeaveKey), "Ctrl-]");
}

TEST(Keys, before_the_one_that_leaves_are_typed_and_those_behind_it_are_not) {
  EXPECT_EQ(typed("ls\r", kLeaveKey).bytes, "ls\r");
  EXPECT_FALSE(typed("ls\r", kLeaveKey).leave);
  const auto left = typed("ls\x1d rm", kLeaveKey);
  EXPECT_EQ(left.bytes, "ls");
  EXPECT_TRUE(left.leave);
  EXPECT_FALSE(typed("\x1d", std::nullopt).leave);
}

TEST(RemoteLine, keeps_words_as_they_are_and_a_single_one_as_a_line) {
  const auto run = [](const std::vector<std::string>& words) {
    auto output =
        io::run_blocking(io::cmd("sh").arg("-c").arg(remote_line(words)), Budget(20s, "a shell"));
    EXPECT_TRUE(output);
    return output ? output->out + "=" + std::to_string(output->status.code) : "";
  };
  EXPECT_EQ(remote_line({}), "");
  EXPECT_EQ(run({"printf", "%s|", "a b", "it's", "*", "$HOME"}), "a b|it's|*|$HOME|=0");
  EXPECT_EQ(run({"echo $((6*7)); exit 5"}), "42\n=5");
  EXPECT_EQ(run({"kill -9 $$"}), "=137");
}

TEST(Waiting, redraws_one_line_on_a_terminal_and_says_changes_elsewhere) {
  std::vector<std::string> said;
  {
    Waiting waiting("waiting", Terminal::none(),
                    [&](std::string_view text) { said.emplace_back(text); });
    waiting.tick("");
    waiting.tick("it boots");
    waiting.tick("it boots");
  }
  EXPECT_THAT(said, ElementsAre("waiting\n", "waiting: 0 s, it boots\n"));
}

class DeskPlaceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = io::TempDir::make("seatrial-desk");
    ASSERT_TRUE(made);
    folder_.emplace(std::move(*made));
    const char* before = std::getenv("SEATRIAL_CACHE");
    before_ = before ? before : "";
    ::setenv("SEATRIAL_CACHE", folder_->path().c_str(), 1);
  }
  void TearDown() override {
    if (before_.empty())
      ::unsetenv("SEATRIAL_CACHE");
    else
      ::setenv("SEATRIAL_CACHE", before_.c_str(), 1);
  }
  void record(const DeskPlace& place, int pid) {
    model::DeskRecord record;
    record.pid = pid;
    record.run = "20260101-000000-0000";
    record.folder = (folder_->path() / "run").string();
    record.socket = (folder_->path() / "s.abc" / "desk.sock").string();
    record.image = "refos-1.0.0";
    EXPECT_TRUE(io::write_file_atomic(place.folder / model::kDeskRecord,
                                      model::to_json(record).dump(), 0600));
    EXPECT_TRUE(io::make_dirs(folder_->path() / "s.abc"));
  }
  std::optional<io::TempDir> folder_;
  std::string before_;
};

TEST_F(DeskPlaceTest, is_a_private_folder_by_name) {
  const auto place = DeskPlace::of("default");
  ASSERT_TRUE(place) << place.error().describe();
  struct stat status {};
  ASSERT_EQ(::stat(place->folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
  EXPECT_EQ(place->command("power off"), "seatrial power off");
  EXPECT_EQ(DeskPlace::of("two")->command("shell -- true"), "seatrial shell --desk two -- true");
  for (const char* wrong : {"", "..", "a/b", "Desk", "a b"})
    EXPECT_EQ(DeskPlace::of(wrong).error().code(), "usage") << wrong;
}

TEST_F(DeskPlaceTest, tells_nobody_starting_there_and_killed_apart) {
  const auto place = *DeskPlace::of("default");
  EXPECT_EQ(look(place)->standing, Standing::nobody);
  std::optional<io::FileLock> lock;
  lock.emplace(*io::FileLock::acquire(place.folder / model::kDeskLock, 0s, "a test"));
  EXPECT_EQ(look(place)->standing, Standing::starting);
  record(place, ::getpid());
  const auto there = look(place);
  EXPECT_EQ(there->standing, Standing::there);
  EXPECT_EQ(there->record->image, "refos-1.0.0");
  lock.reset();
  EXPECT_EQ(look(place)->standing, Standing::killed);
}

TEST_F(DeskPlaceTest, says_that_a_bench_host_was_killed_once_and_cleans_up) {
  const auto place = *DeskPlace::of("default");
  record(place, 999999);
  const auto first = settle(place);
  ASSERT_TRUE(first) << first.error().describe();
  EXPECT_FALSE(first->record);
  ASSERT_TRUE(first->killed);
  EXPECT_EQ(first->killed->code(), "desk.killed");
  EXPECT_THAT(first->killed->what(), HasSubstr("999999"));
  EXPECT_THAT(first->killed->advice(), HasSubstr("run"));
  EXPECT_FALSE(std::filesystem::exists(folder_->path() / "s.abc"));
  const auto second = settle(place);
  EXPECT_FALSE(second->killed);
  EXPECT_FALSE(second->record);
}

TEST_F(DeskPlaceTest, forgets_a_record_that_cannot_be_read) {
  const auto place = *DeskPlace::of("default");
  ASSERT_TRUE(io::write_file_atomic(place.folder / model::kDeskRecord, "{\"pid\":"));
  EXPECT_EQ(look(place)->standing, Standing::nobody);
  EXPECT_FALSE(std::filesystem::exists(place.folder / model::kDeskRecord));
}

TEST_F(DeskPlaceTest, status_says_how_to_reach_the_bench) {
  const auto place = *DeskPlace::of("two");
  EXPECT_EQ(desk_status(place)->at("state"), "none");
  const auto text =
      status_lines(place, nlohmann::json{{"state", "on"},
                                         {"device", "qemu-amd64"},
                                         {"image", "refos-1.0.0"},
                                         {"folder", "/tmp/run"},
                                         {"boot", {{"number", 2}, {"seconds_to_login", 12.0}}}});
  EXPECT_THAT(text, HasSubstr("on: qemu-amd64 with refos-1.0.0"));
  EXPECT_THAT(text, HasSubstr("boot 2 showed its login prompt after 12.0 s"));
  EXPECT_THAT(text, HasSubstr("seatrial console --desk two"));
  EXPECT_THAT(text, HasSubstr("/tmp/run"));
}

}  // namespace
}  // namespace seatrial::cli
