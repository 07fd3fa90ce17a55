// SPDX-License-Identifier: Apache-2.0
#include "workers/qemu/accelerator.hpp"

#include <sys/stat.h>

#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "tests/workers/qemu/tiny_guest.hpp"

namespace seatrial::qemu {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// The bytes that a guest's source assembles to, up to the padding.
std::string assembled(const fs::path& source) {
  const auto dir = io::TempDir::make("assemble").value();
  const std::string object = dir.path() / "o", binary = dir.path() / "b";
  const Budget budget(60s, "the assembler");
  auto as = io::cmd("as").arg("--64").arg("-o").arg(object).arg(source.string());
  auto ld = io::cmd("ld").arg("-m").arg("elf_x86_64").arg("-Ttext").arg("0x7c00");
  ld.arg("--oformat").arg("binary").arg("-o").arg(binary).arg(object);
  const auto first = io::run_checked(as, budget, "as", Blame::bench);
  EXPECT_TRUE(first.has_value()) << first.error().describe();
  const auto second = io::run_checked(ld, budget, "ld", Blame::bench);
  EXPECT_TRUE(second.has_value()) << second.error().describe();
  std::string bytes = io::read_file(binary).value();
  EXPECT_EQ(bytes.size(), 512u);
  bytes.resize(510);
  return bytes.substr(0, bytes.find_last_not_of('\0') + 1);
}

TEST(BootSectors, are_what_their_source_assembles_to) {
  const unsigned char probe[] = {
#include "workers/qemu/probe_guest.inc"
  };
  const fs::path root = SEATRIAL_SOURCE_DIR;
  EXPECT_EQ(assembled(root / "workers/qemu/probe_guest.S"),
            std::string(reinterpret_cast<const char*>(probe), sizeof probe));
  EXPECT_EQ(assembled(root / "tests/workers/qemu/tiny_guest.S"),
            std::string(reinterpret_cast<const char*>(test::kTinyGuest), sizeof test::kTinyGuest));
}

struct AcceleratorTest : ::testing::Test {
  io::TempDir dir = io::TempDir::make("accelerator_test").value();
  test::Loop loop;
  AcceleratorQuery query() {
    AcceleratorQuery query;
    query.cache_root = dir.path() / "cache";
    return query;
  }
  AcceleratorAnswer ask(const AcceleratorQuery& query) {
    auto answer = loop.run(probe_accelerator(query));
    EXPECT_TRUE(answer.has_value()) << answer.error().describe();
    return answer.value_or(AcceleratorAnswer());
  }
};

TEST_F(AcceleratorTest, gives_a_reason_and_remembers_the_answer) {
  const auto first = ask(query());
  EXPECT_FALSE(first.from_cache);
  EXPECT_FALSE(first.why.empty());
  EXPECT_NE(first.qemu_version.find("QEMU"), std::string::npos);
  std::cout << "accelerator: " << to_string(first.accelerator) << ", " << first.why << "\n";
  const auto begin = Clock::system().monotonic();
  const auto second = ask(query());
  EXPECT_TRUE(second.from_cache);
  EXPECT_LT(Clock::system().monotonic() - begin, 1s);
  EXPECT_EQ(second.why, first.why);
  EXPECT_EQ(second.accelerator, first.accelerator);
}

TEST_F(AcceleratorTest, no_node_means_emulation_with_advice) {
  auto without = query();
  without.kvm_node = dir.path() / "no-kvm";
  const auto answer = ask(without);
  EXPECT_EQ(answer.accelerator, Accelerator::tcg);
  EXPECT_NE(answer.why.find("does not exist"), std::string::npos);
  EXPECT_FALSE(answer.advice.empty());
  // Another state of the node is another question.
  ASSERT_TRUE(io::write_file_atomic(without.kvm_node, "").has_value());
  EXPECT_FALSE(ask(without).from_cache);
}

TEST_F(AcceleratorTest, a_guest_of_another_architecture_is_emulated) {
  auto forced = query();
  forced.forced_tcg = true;
  EXPECT_EQ(ask(forced).option(), "tcg,thread=multi");
}

TEST_F(AcceleratorTest, a_damaged_cache_is_no_answer) {
  auto without = query();
  without.kvm_node = dir.path() / "no-kvm";
  (void)ask(without);
  const fs::path file = without.cache_root / "accelerator-qemu-system-x86_64.json";
  ASSERT_TRUE(fs::exists(file));
  ASSERT_TRUE(io::write_file_atomic(file, "{\"key\": 1").has_value());
  EXPECT_FALSE(ask(without).from_cache);
}

TEST_F(AcceleratorTest, a_qemu_that_is_missing_or_broken_is_said_to_be_so) {
  auto missing = query();
  missing.qemu = "qemu-system-pdp11";
  auto answer = loop.run(probe_accelerator(missing));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), "qemu.missing");
  auto broken = query();
  broken.qemu = dir.path() / "qemu-system-x86_64";
  ASSERT_TRUE(io::write_file_atomic(broken.qemu, "#!/bin/sh\nexit 3\n", 0755).has_value());
  ::chmod(broken.qemu.c_str(), 0755);
  answer = loop.run(probe_accelerator(broken));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), "qemu.broken");
}

}  // namespace
}  // namespace seatrial::qemu
