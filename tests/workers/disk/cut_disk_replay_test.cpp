// SPDX-License-Identifier: Apache-2.0
// A disk whose server was killed is the same disk: against a model in plain strings, with the
// server "killed" again and again, and with logs that end anywhere.
#include <random>

#include "tests/workers/disk/disk_files.hpp"

namespace seatrial::cutdisk {
namespace {
using test::DiskFiles;
using test::pattern;
using test::whole;
namespace fs = std::filesystem;

constexpr std::size_t kSize = 96 * 1024 + 512;

/// What a disk with a cache is, without pages, logs or sharing.
struct Model {
  struct Write {
    std::size_t offset;
    std::string bytes;
    bool fua;
  };
  struct State {
    std::string live, durable;
    std::vector<Write> pending;
  };
  State now;
  std::map<std::string, State> saved;

  void write(std::size_t offset, const std::string& bytes, bool fua) {
    now.live.replace(offset, bytes.size(), bytes);
    if (fua) now.durable.replace(offset, bytes.size(), bytes);
    now.pending.push_back({offset, bytes, fua});
  }
  void flush() {
    now.durable = now.live;
    now.pending.clear();
  }
  void cut(const Policy& policy) {
    // The list of a CutDisk does not begin with durable writes, which draw no lot anyway.
    std::mt19937_64 dice(policy.seed);
    for (const auto& write : now.pending) {
      if (!write.fua && dice() % 1000 >= policy.permille) continue;
      auto length = write.bytes.size();
      if (policy.torn && !write.fua && length > 512) length = (1 + dice() % (length / 512)) * 512;
      now.durable.replace(write.offset, length, write.bytes, 0, length);
    }
    now.live = now.durable;
    now.pending.clear();
  }
};

class Player {
 public:
  explicit Player(std::uint64_t seed, bool retain) : dice_(seed) {
    files_.options.retain = retain;
    model_.now.live = model_.now.durable = pattern(50'000, 1) + std::string(kSize - 50'000, '\0');
    disk_.emplace(files_.open());
  }

  void step() {
    const auto what = below(100);
    Result<> done;
    if (what < 55) {
      const auto [offset, size] = range();
      auto bytes = pattern(size, static_cast<unsigned>(below(1000)));
      if (below(6) == 0) bytes.assign(size, '\0');
      const bool fua = below(8) == 0;
      done = disk_->write(offset, bytes, fua);
      model_.write(offset, bytes, fua);
    } else if (what < 65) {
      const auto [offset, size] = range();
      const bool fua = below(8) == 0;
      done = disk_->zero(offset, size, fua, below(2) == 0);
      model_.write(offset, std::string(size, '\0'), fua);
    } else if (what < 75) {
      done = disk_->flush();
      model_.flush();
    } else if (what < 82) {
      const Policy policy{below(50), static_cast<unsigned>(below(5) * 250), below(2) == 0};
      const auto report = disk_->cut(policy);
      model_.cut(policy);
      done = report ? disk_->revive() : Result<>(report.error());
    } else if (what < 90) {
      const auto name = std::string(1, static_cast<char>('a' + below(3)));
      save_or_restore(name, done);
    } else {
      disk_.reset();
      disk_.emplace(files_.open());
    }
    ASSERT_TRUE(done.has_value()) << done.error().describe();
    ASSERT_TRUE(whole(*disk_, Side::live) == model_.now.live) << "live, after kind " << what;
    ASSERT_TRUE(whole(*disk_, Side::durable) == model_.now.durable) << "durable, kind " << what;
  }

 private:
  void save_or_restore(const std::string& name, Result<>& done) {
    if (below(2) == 0) {
      done = disk_->save(name);
      model_.saved[name] = model_.now;
    } else if (model_.saved.count(name)) {
      done = disk_->restore(name);
      model_.now = model_.saved[name];
    }
  }
  std::size_t below(std::size_t limit) { return dice_() % limit; }
  std::pair<std::size_t, std::size_t> range() {
    const auto grain = below(4) == 0 ? std::size_t{1} : below(2) == 0 ? 512 : 4096;
    const auto offset = below(kSize / grain) * grain;
    const auto most = below(3) == 0 ? 20'000 : 4096;
    return {offset, std::min(kSize - offset, (1 + below(most / grain)) * grain)};
  }

  DiskFiles files_{kSize, pattern(50'000, 1)};
  std::optional<CutDisk> disk_;
  Model model_;
  std::mt19937_64 dice_;
};

TEST(CutDiskModel, is_what_a_disk_with_a_cache_is_over_thousands_of_random_steps) {
  for (std::uint64_t seed = 1; seed <= 12 && !::testing::Test::HasFailure(); ++seed) {
    Player player(seed, seed % 3 == 0);
    for (int i = 0; i < 250 && !::testing::Test::HasFailure(); ++i) player.step();
    if (::testing::Test::HasFailure()) ADD_FAILURE() << "seed " << seed;
  }
}

TEST(CutDiskReplay, nothing_is_lost_and_the_pending_writes_are_still_pending) {
  DiskFiles files(kSize, pattern(50'000, 1));
  std::string live, durable;
  {
    auto disk = files.open();
    ASSERT_TRUE(disk.write(1000, pattern(9000, 2), false).has_value());
    ASSERT_TRUE(disk.flush().has_value());
    ASSERT_TRUE(disk.write(3000, pattern(3000, 3), false).has_value());
    ASSERT_TRUE(disk.write(20'000, pattern(100, 4), true).has_value());
    ASSERT_TRUE(disk.keep_settings("{\"a\":1}").has_value());
    live = whole(disk, Side::live);
    durable = whole(disk, Side::durable);
  }
  auto disk = files.open();
  EXPECT_EQ(disk.stat().replayed, 6u);
  EXPECT_EQ(disk.pending_writes(), 2u);
  EXPECT_EQ(disk.settings(), "{\"a\":1}");
  EXPECT_TRUE(whole(disk, Side::live) == live);
  EXPECT_TRUE(whole(disk, Side::durable) == durable);
}

TEST(CutDiskReplay, a_log_torn_anywhere_is_the_disk_of_some_moment_before) {
  DiskFiles files(kSize, pattern(50'000, 1));
  std::vector<std::string> moments;
  std::vector<std::uint64_t> ends;
  {
    auto disk = files.open();
    // No page of an older moment is needed twice: the store keeps all of them.
    for (unsigned i = 0; i < 6; ++i) {
      moments.push_back(whole(disk, Side::live));
      ends.push_back(disk.log_bytes());
      ASSERT_TRUE(disk.write(i * 9'000, pattern(6000, i + 2), false).has_value());
    }
  }
  const auto log = io::read_file(files.options.log).value();
  for (std::uint64_t size = ends.front(); size < log.size(); size += 7) {
    ASSERT_TRUE(io::write_file_atomic(files.options.log, log.substr(0, size)).has_value());
    auto disk = files.open();
    std::size_t moment = 0;
    while (moment + 1 < ends.size() && ends[moment + 1] <= size) ++moment;
    EXPECT_TRUE(whole(disk, Side::live) == moments[moment]) << size;
    EXPECT_EQ(disk.log_bytes(), ends[moment]) << "the torn end is cut off";
  }
}

TEST(CutDiskReplay, a_cut_that_was_not_recorded_has_not_happened_and_gives_the_same_when_repeated) {
  DiskFiles files(kSize);
  const Policy half{5, 500, true};
  std::uint64_t before = 0;
  std::string after;
  {
    auto disk = files.open();
    for (unsigned i = 0; i < 8; ++i)
      ASSERT_TRUE(disk.write(i * 9'000, pattern(6000, i + 2), false).has_value());
    before = disk.log_bytes();
    ASSERT_TRUE(disk.cut(half).has_value());
    after = whole(disk, Side::live);
  }
  fs::resize_file(files.options.log, before + 20);
  auto disk = files.open();
  EXPECT_FALSE(disk.off());
  EXPECT_EQ(disk.pending_writes(), 8u);
  ASSERT_TRUE(disk.cut(half).has_value());
  EXPECT_TRUE(whole(disk, Side::live) == after);
}

TEST(CutDiskReplay, a_damaged_log_another_base_and_a_second_server_are_refused) {
  DiskFiles files(kSize, pattern(50'000, 1));
  const auto code = [&] {
    const auto disk = CutDisk::open(files.options);
    return disk ? std::string() : disk.error().code();
  };
  {
    auto disk = files.open();
    ASSERT_TRUE(disk.write(0, pattern(4096, 2), false).has_value());
    ASSERT_TRUE(disk.write(4096, pattern(4096, 2), false).has_value());
    EXPECT_EQ(code(), "disk.in_use");
  }
  auto log = io::read_file(files.options.log).value();
  const auto good = log;
  log[log.size() / 2] = static_cast<char>(log[log.size() / 2] ^ 1);
  ASSERT_TRUE(io::write_file_atomic(files.options.log, log).has_value());
  EXPECT_EQ(code(), "disk.log_damaged");
  ASSERT_TRUE(io::write_file_atomic(files.options.log, good).has_value());
  EXPECT_EQ(code(), "");
  fs::resize_file(files.options.store, 4096);
  EXPECT_EQ(code(), "disk.log_damaged") << "pages that the log names are not there";
  ASSERT_TRUE(io::write_file_atomic(files.options.base, pattern(50'000, 2)).has_value());
  EXPECT_EQ(code(), "disk.other_base");
}

TEST(CutDiskReplay, the_data_of_every_write_can_be_kept_for_the_readers_of_the_log) {
  DiskFiles files(kSize);
  files.options.retain = true;
  {
    auto disk = files.open();
    for (unsigned i = 0; i < 5; ++i) {
      ASSERT_TRUE(disk.write(0, pattern(4096, i + 2), false).has_value());
      ASSERT_TRUE(disk.flush().has_value());
    }
    EXPECT_EQ(disk.store().used(), 5u);
  }
  const auto store = io::read_file(files.options.store).value();
  unsigned seen = 0;
  const auto read = read_log(files.options.log, [&](const Record& record) -> Result<> {
    if (record.kind != Kind::write) return {};
    const auto pages = decode(record.payload, 100);
    EXPECT_TRUE(pages && pages->pages.size() == 1);
    EXPECT_TRUE(store.substr(std::size_t{pages->pages[0]} * kPage, kPage) ==
                pattern(4096, seen + 2));
    ++seen;
    return {};
  });
  EXPECT_TRUE(read.has_value());
  EXPECT_EQ(seen, 5u);
}

}  // namespace
}  // namespace seatrial::cutdisk
