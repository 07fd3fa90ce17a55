// SPDX-License-Identifier: Apache-2.0
// What a cut takes and what it leaves.
#include "workers/disk/cut_disk.hpp"

#include "tests/workers/disk/disk_files.hpp"

namespace seatrial::cutdisk {
namespace {
using test::DiskFiles;
using test::pattern;
using test::read;
using test::same;
using test::whole;
namespace fs = std::filesystem;

constexpr std::uint64_t kSize = 256 * 1024;
const Policy kAll{1, 1000, false}, kNone{1, 0, false};

#define OK(...)                                             \
  do {                                                      \
    const auto ok_ = __VA_ARGS__;                           \
    ASSERT_TRUE(ok_.has_value()) << ok_.error().describe(); \
  } while (false)

TEST(CutDisk, begins_as_its_base_with_zeros_behind_it) {
  const auto base = pattern(10'000, 1);
  DiskFiles files(kSize, base);
  auto disk = files.open();
  EXPECT_EQ(disk.size(), kSize);
  EXPECT_TRUE(same(read(disk, 0, base.size()), base));
  EXPECT_TRUE(same(read(disk, 9'990, 1'000), base.substr(9'990) + std::string(990, '\0')));
  std::string into(10, 'x');
  const auto beyond = disk.read(kSize - 5, into);
  ASSERT_FALSE(beyond.has_value());
  EXPECT_EQ(beyond.error().code(), "disk.range");
  EXPECT_FALSE(disk.write(kSize, "x", false).has_value());
}

TEST(CutDisk, a_write_that_was_flushed_survives_and_one_that_was_not_is_gone) {
  DiskFiles files(kSize, pattern(kSize, 1));
  auto disk = files.open();
  const auto flushed = pattern(8192, 2), lost = pattern(12288, 3);
  OK(disk.write(4096, flushed, false));
  OK(disk.flush());
  OK(disk.write(8192, lost, false));
  EXPECT_TRUE(same(read(disk, 8192, lost.size()), lost)) << "the guest reads what it wrote";
  EXPECT_TRUE(same(read(disk, 4096, 8192, Side::durable), flushed));
  const auto report = disk.cut(kNone);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->pending, 1u);
  EXPECT_EQ(report->kept, 0u);
  EXPECT_TRUE(disk.off());
  EXPECT_TRUE(same(read(disk, 4096, 8192), flushed));
  EXPECT_TRUE(same(read(disk, 12288, 8192), pattern(kSize, 1).substr(12288, 8192)));
  EXPECT_TRUE(same(whole(disk, Side::live), whole(disk, Side::durable)));
  EXPECT_EQ(disk.store().used(), 2u) << "pages of what is gone are free again";
  OK(disk.revive());
  EXPECT_FALSE(disk.off());
}

TEST(CutDisk, permille_1000_keeps_everything_and_0_nothing) {
  for (const auto& policy : {kAll, kNone}) {
    DiskFiles files(kSize, pattern(kSize, 1));
    auto disk = files.open();
    for (unsigned i = 0; i < 20; ++i) OK(disk.write(i * 3000, pattern(5000, i + 2), false));
    OK(disk.zero(100'000, 30'000, false, true));
    const auto before = whole(disk, policy.permille ? Side::live : Side::durable);
    const auto report = disk.cut(policy);
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->kept, policy.permille ? 21u : 0u);
    EXPECT_TRUE(same(whole(disk, Side::live), before));
    EXPECT_TRUE(same(whole(disk, Side::durable), before));
  }
}

TEST(CutDisk, the_same_seed_keeps_the_same_writes_and_another_one_others) {
  std::map<std::uint64_t, std::string> seen;
  for (const std::uint64_t seed : {7, 8, 7}) {
    DiskFiles files(kSize);
    auto disk = files.open();
    for (unsigned i = 0; i < 30; ++i) OK(disk.write(i * 8192, pattern(8192, i), false));
    const Policy half{seed, 500, false};
    const auto report = disk.cut(half);
    ASSERT_TRUE(report.has_value());
    EXPECT_GT(report->kept, 5u);
    EXPECT_LT(report->kept, 25u);
    const auto content = whole(disk, Side::live);
    if (seen.count(seed)) {
      EXPECT_TRUE(seen[seed] == content);
    }
    seen[seed] = content;
  }
  EXPECT_FALSE(seen[7] == seen[8]);
}

TEST(CutDisk, a_torn_write_keeps_its_first_sectors) {
  DiskFiles files(kSize);
  auto disk = files.open();
  const auto data = pattern(16384, 5);
  for (unsigned i = 0; i < 10; ++i) OK(disk.write(i * 16384, data, false));
  const Policy torn{3, 1000, true};
  ASSERT_TRUE(disk.cut(torn).has_value());
  unsigned cut_short = 0;
  for (unsigned i = 0; i < 10; ++i) {
    const auto is = read(disk, i * 16384, 16384);
    std::size_t kept = 0;
    while (kept < is.size() && is.compare(kept, 512, data, kept, 512) == 0) kept += 512;
    EXPECT_GE(kept, 512u);
    EXPECT_TRUE(is.substr(kept) == std::string(is.size() - kept, '\0')) << "a prefix, no mixture";
    if (kept < is.size()) ++cut_short;
  }
  EXPECT_GE(cut_short, 5u);
}

TEST(CutDisk, fua_is_durable_at_once_and_no_older_write_comes_back_over_it) {
  DiskFiles files(kSize);
  auto disk = files.open();
  OK(disk.write(512, pattern(4096, 1), false));
  OK(disk.write(1024, pattern(1024, 2), true));
  EXPECT_TRUE(same(read(disk, 1024, 1024, Side::durable), pattern(1024, 2)));
  EXPECT_TRUE(same(read(disk, 512, 512, Side::durable), std::string(512, '\0')))
      << "and no more than it";
  const auto report = disk.cut(kAll);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->kept, 2u);
  EXPECT_TRUE(same(read(disk, 1024, 1024), pattern(1024, 2)));
  EXPECT_TRUE(same(read(disk, 512, 512), pattern(4096, 1).substr(0, 512)));
}

TEST(CutDisk, a_flush_that_the_host_asked_for_does_nothing_while_it_is_ignored) {
  DiskFiles files(kSize);
  auto disk = files.open();
  OK(disk.write(0, pattern(4096, 1), false));
  OK(disk.flush(true));
  EXPECT_EQ(disk.pending_writes(), 1u);
  EXPECT_EQ(disk.stat().ignored_flushes, 1u);
  ASSERT_TRUE(disk.cut(kNone).has_value());
  EXPECT_TRUE(same(read(disk, 0, 4096), std::string(4096, '\0')));
}

TEST(CutDisk, a_snapshot_holds_both_views_and_the_pending_writes) {
  DiskFiles files(kSize, pattern(kSize, 1));
  auto disk = files.open();
  OK(disk.write(0, pattern(4096, 2), false));
  OK(disk.flush());
  OK(disk.write(0, pattern(4096, 3), false));
  OK(disk.save("here"));
  OK(disk.flush());
  OK(disk.write(4096, pattern(4096, 4), false));
  OK(disk.restore("here"));
  EXPECT_EQ(disk.pending_writes(), 1u);
  EXPECT_TRUE(same(read(disk, 0, 4096), pattern(4096, 3)));
  EXPECT_TRUE(same(read(disk, 4096, 4096), pattern(kSize, 1).substr(4096, 4096)));
  ASSERT_TRUE(disk.cut(kNone).has_value());
  EXPECT_TRUE(same(read(disk, 0, 4096), pattern(4096, 2)))
      << "the write was as pending as when saved";
  OK(disk.restore("here"));
  EXPECT_FALSE(disk.off());
  EXPECT_TRUE(same(read(disk, 0, 4096), pattern(4096, 3))) << "as often as one likes";
  const auto none = disk.restore("there");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code(), "disk.no_snapshot");
  OK(disk.forget("here"));
  EXPECT_TRUE(disk.snapshots().empty());
}

TEST(CutDisk, overwriting_does_not_make_the_store_grow) {
  DiskFiles files(kSize);
  auto disk = files.open();
  for (unsigned i = 0; i < 200; ++i) {
    OK(disk.write(0, pattern(65536, i), false));
    OK(disk.flush());
  }
  EXPECT_EQ(disk.store().used(), 16u);
  EXPECT_LE(fs::file_size(files.options.store), 40u * kPage);
  OK(disk.zero(0, 65536, false, true));
  OK(disk.flush());
  EXPECT_EQ(disk.store().used(), 0u) << "zeros need no page";
}

TEST(CutDisk, a_cache_that_is_full_writes_its_oldest_part_to_the_medium) {
  DiskFiles files(kSize);
  files.options.most_writes = 8;
  auto disk = files.open();
  for (unsigned i = 0; i < 9; ++i) OK(disk.write(i * 4096, pattern(4096, i), false));
  EXPECT_LE(disk.pending_writes(), 8u);
  EXPECT_GT(disk.stat().destaged, 0u);
  const auto destaged = disk.stat().destaged;
  ASSERT_TRUE(disk.cut(kNone).has_value());
  for (unsigned i = 0; i < 9; ++i)
    EXPECT_TRUE(same(read(disk, i * 4096, 4096),
                     i < destaged ? pattern(4096, i) : std::string(4096, '\0')));
}

TEST(CutDisk, exports_are_sparse_raw_files_of_either_view) {
  DiskFiles files(4u << 20, pattern(20'000, 1));
  auto disk = files.open();
  OK(disk.write(1u << 20, pattern(5000, 2), false));
  OK(disk.flush());
  OK(disk.write(2u << 20, pattern(5000, 3), false));
  const fs::path out = files.dir.path() / "out.img";
  for (const auto side : {Side::live, Side::durable}) {
    const auto copied = disk.export_to(out, side, 0, disk.size());
    ASSERT_TRUE(copied.has_value()) << copied.error().describe();
    EXPECT_LT(*copied, 60'000u);
    EXPECT_TRUE(io::read_file(out).value() == whole(disk, side));
  }
  ASSERT_TRUE(disk.export_to(out, Side::live, (1u << 20) + 100, 9000).has_value());
  EXPECT_TRUE(io::read_file(out).value() == read(disk, (1u << 20) + 100, 9000));
}

TEST(CutDisk, two_disks_stand_on_one_base_which_never_changes) {
  DiskFiles one(kSize, pattern(kSize, 1)), two(kSize);
  two.options.base = one.options.base;
  auto first = one.open(), second = two.open();
  OK(first.write(0, pattern(4096, 2), true));
  EXPECT_TRUE(same(read(second, 0, 4096), pattern(kSize, 1).substr(0, 4096)));
  EXPECT_TRUE(io::read_file(one.options.base).value() == pattern(kSize, 1));
}

TEST(CutDisk, a_size_that_is_no_multiple_of_a_page_is_kept) {
  DiskFiles files(0, pattern(10'000, 1));
  auto disk = files.open();
  EXPECT_EQ(disk.size(), 10'240u) << "whole sectors";
  OK(disk.write(9'728, pattern(512, 2), false));
  OK(disk.flush());
  EXPECT_TRUE(same(read(disk, 9'728, 512, Side::durable), pattern(512, 2)));
  EXPECT_TRUE(same(read(disk, 9'000, 728), pattern(10'000, 1).substr(9'000, 728)));
}

}  // namespace
}  // namespace seatrial::cutdisk
