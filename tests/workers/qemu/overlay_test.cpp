// SPDX-License-Identifier: Apache-2.0
#include "workers/qemu/overlay.hpp"

#include "core/io/file.hpp"
#include "core/io/hash.hpp"
#include "tests/workers/support/tasks.hpp"

namespace seatrial::qemu {
namespace {
namespace fs = std::filesystem;

struct OverlayTest : ::testing::Test {
  io::TempDir dir = io::TempDir::make("overlay_test").value();
  test::Loop loop;
  fs::path base = dir.path() / "base, with comma.img";
  fs::path overlay = dir.path() / "overlay.qcow2";
  void SetUp() override {
    ASSERT_TRUE(io::write_file_atomic(base, std::string(4u << 20, 'b')).has_value());
  }
  Result<> make(std::uint64_t size = 0, std::string format = {}) {
    OverlayRequest request;
    request.base = base;
    request.base_format = std::move(format);
    request.overlay = overlay;
    request.size = size;
    return loop.run(make_overlay(request));
  }
};

TEST_F(OverlayTest, stands_on_its_base_and_may_be_larger) {
  const auto digest = io::sha256_file(base).value();
  const auto made = make(64u << 20);
  ASSERT_TRUE(made.has_value()) << made.error().describe();
  const auto info = loop.run(inspect_image(overlay));
  ASSERT_TRUE(info.has_value()) << info.error().describe();
  EXPECT_EQ(info->format, "qcow2");
  EXPECT_EQ(info->virtual_size, 64u << 20);
  EXPECT_EQ(info->backing, base);
  EXPECT_EQ(io::sha256_file(base).value(), digest);
  ASSERT_TRUE(make().has_value()) << "again: a reset";
  EXPECT_EQ(loop.run(inspect_image(overlay))->virtual_size, 4u << 20);
}

TEST_F(OverlayTest, a_base_may_be_qcow2_itself) {
  ASSERT_TRUE(make().has_value());
  base = overlay;
  overlay = dir.path() / "second.qcow2";
  ASSERT_TRUE(make().has_value());
  EXPECT_EQ(loop.run(inspect_image(overlay))->virtual_size, 4u << 20);
}

TEST_F(OverlayTest, bad_bases_are_named) {
  const auto code = [&](std::uint64_t size = 0, std::string format = {}) {
    const auto made = make(size, std::move(format));
    EXPECT_FALSE(made.has_value());
    return made ? "" : made.error().code() + " " + made.error().what();
  };
  EXPECT_NE(code(1u << 20).find("overlay.base"), std::string::npos) << "smaller than the base";
  EXPECT_NE(code(0, "qcow2").find("not a qcow2"), std::string::npos);
  ASSERT_TRUE(io::write_file_atomic(base, "").has_value());
  EXPECT_NE(code().find("empty"), std::string::npos);
  ASSERT_TRUE(io::write_file_atomic(base, "QFI\xfb and nothing more").has_value());
  EXPECT_NE(code(8u << 20).find("overlay.base"), std::string::npos);
  fs::remove(base);
  EXPECT_NE(code().find("no such file"), std::string::npos);
  base = dir.path();
  EXPECT_NE(code().find("not a regular file"), std::string::npos);
  EXPECT_FALSE(fs::exists(overlay));
}

TEST_F(OverlayTest, a_raw_disk_with_a_qcow2_header_stays_raw_when_we_say_so) {
  // A guest that writes such a header into its raw disk must not make QEMU open a file of its
  // choice.
  std::string content(1u << 20, '\0');
  content.replace(0, 4, "QFI\xfb");
  ASSERT_TRUE(io::write_file_atomic(base, content).has_value());
  ASSERT_TRUE(make(0, "raw").has_value());
  EXPECT_EQ(loop.run(inspect_image(base, "raw"))->virtual_size, 1u << 20);
}

}  // namespace
}  // namespace seatrial::qemu
