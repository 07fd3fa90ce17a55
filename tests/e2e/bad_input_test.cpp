// SPDX-License-Identifier: Apache-2.0
// What users hand to the program and what no run can start with: told in words, exit code 2, and
// nothing is left behind.
#include <gmock/gmock.h>

#include "core/io/hash.hpp"
#include "tests/e2e/tiny_os.hpp"

namespace seatrial::e2e {
namespace {
using testing::HasSubstr;
using testing::Not;

class BadInput : public TinyRuns {
 protected:
  fs::path file(const std::string& name, const std::string& content) const {
    const auto path = folder_->path() / name;
    EXPECT_TRUE(io::write_file_atomic(path, content).has_value());
    return path;
  }
  io::Output run_image(const std::string& image) {
    return finish(command({"run", "--image", image, "--out", out().string()}));
  }
  /// The image is refused as wrong input, with its name, these words and what to do.
  void expect_refused(const fs::path& image, const std::string& words) {
    const auto said = run_image(image.string());
    EXPECT_EQ(said.status.code, 2) << image << ": " << said.status.describe() << said.err;
    EXPECT_THAT(said.err, HasSubstr(words));
    EXPECT_THAT(said.err, HasSubstr(image.filename().string()));
    EXPECT_GE(std::count(said.err.begin(), said.err.end(), '\n'), 2) << "advice: " << said.err;
    EXPECT_THAT(said.err, Not(HasSubstr("exception")));
    EXPECT_EQ(said.out, "");
    EXPECT_FALSE(fs::exists(out())) << "a run folder for a run that never was";
  }
};

TEST_F(BadInput, an_image_that_is_no_disk_is_refused_in_words) {
  expect_refused(folder_->path() / "missing.img", "there is no image");
  expect_refused(file("empty.img", ""), "empty");
  expect_refused(file("letter.img", std::string(100'000, 'x')), "no partition table");
  expect_refused(file("page.img", "<html>404 Not Found</html>"), "image");
  expect_refused(folder_->path(), "folder");
}

TEST_F(BadInput, an_image_that_was_cut_off_is_refused) {
  const auto path = tiny_os(folder_->path());
  fs::resize_file(path, 9u << 20);
  expect_refused(path, "cut short");
}

TEST_F(BadInput, a_packed_image_that_cannot_be_unpacked_is_refused) {
  expect_refused(file("os.img.7z", "7z\xbc\xaf\x27\x1c" + std::string(5000, 'x')), "7z");
  expect_refused(file("os.img.gz", "\x1f\x8b\x08" + std::string(5000, 'x')), "os.img.gz");
  const auto whole = tiny_os(folder_->path());
  auto pack = io::cmd("gzip").arg("-9").arg(whole.string());
  ASSERT_TRUE(finish(std::move(pack)).status.ok());
  const auto packed = whole.string() + ".gz";
  fs::resize_file(packed, fs::file_size(packed) / 2);
  expect_refused(packed, "gz");
  for (const auto& entry : fs::directory_iterator(home_->path() / "cache/tmp"))
    ADD_FAILURE() << "half an image stays in the cache: " << entry.path();
}

TEST_F(BadInput, a_disk_without_a_boot_partition_is_refused) {
  const auto path = folder_->path() / "data.img";
  auto make = io::cmd("bash").arg("-c").arg(
      "truncate -s 8M \"$1\" && printf 'label: dos\\nstart=2048, type=83\\n' | sfdisk -q \"$1\"");
  ASSERT_TRUE(finish(std::move(make).arg("make").arg(path.string())).status.ok());
  expect_refused(path, "no boot partition");
}

TEST_F(BadInput, a_config_json_that_is_none_is_refused_by_a_run_and_by_configure) {
  const auto path = tiny_os(folder_->path(), "{\"hostname\": \"x\",}");
  const auto before = io::sha256_file(path).value();
  expect_refused(path, "config.json");
  const auto said = finish(command({"image", "configure", path.string(), "hostname=y"}));
  EXPECT_EQ(said.status.code, 2) << said.err;
  EXPECT_THAT(said.err, HasSubstr("config.json"));
  EXPECT_EQ(io::sha256_file(path).value(), before) << "the image was changed all the same";
}

TEST_F(BadInput, a_config_json_that_is_a_list_is_none) {
  expect_refused(tiny_os(folder_->path(), "[1, 2]"), "no JSON object");
}

TEST_F(BadInput, an_unknown_device_type_names_the_nearest) {
  const auto said = finish(command(
      {"run", "--image", image_.string(), "--device", "qemu-amd46", "--out", out().string()}));
  EXPECT_EQ(said.status.code, 2);
  EXPECT_THAT(said.err, HasSubstr("qemu-amd64"));
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(BadInput, a_run_folder_that_holds_a_run_is_not_overwritten) {
  fs::create_directories(out());
  ASSERT_TRUE(io::write_file_atomic(out() / "events.jsonl", "precious\n").has_value());
  const auto said = run_image(image_.string());
  EXPECT_EQ(said.status.code, 2);
  EXPECT_THAT(said.err, HasSubstr("holds a run already"));
  EXPECT_EQ(io::read_file(out() / "events.jsonl").value(), "precious\n");
}

}  // namespace
}  // namespace seatrial::e2e
