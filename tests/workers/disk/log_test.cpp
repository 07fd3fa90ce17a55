// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/log.hpp"

#include <gtest/gtest.h>

namespace seatrial::cutdisk {
namespace {

TEST(DiskLog, a_record_comes_back_as_it_was_and_no_other_byte_is_believed) {
  Record record;
  record.kind = Kind::cut;
  record.flags = 0x8123;
  record.seq = 7;
  record.ns = 1'234'567'890'123;
  record.offset = 1ull << 40;
  record.length = 99;
  record.payload = std::string("text\0more", 9);
  const auto bytes = encode(record);
  ASSERT_EQ(bytes.size(), kRecordHeader + 9);
  const auto parsed = parse_record(bytes + "rest");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->size, bytes.size());
  EXPECT_EQ(encode(parsed->record), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(parse_record(std::string_view(bytes).substr(0, size))) << size;
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    auto wrong = bytes;
    wrong[i / 8] = static_cast<char>(wrong[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(parse_record(wrong)) << "bit " << i;
  }
}

TEST(DiskLog, pages_are_written_as_runs) {
  Pages pages;
  for (PageNumber page = 100; page < 2148; ++page) pages.pages.push_back(page);
  for (int i = 0; i < 5000; ++i) pages.pages.push_back(kZeroPage);
  pages.pages.push_back(7);
  pages.kept = {1, 1ull << 40};
  pages.patches = {{3, 4}, {5, kZeroPage}};
  const auto text = encode(pages);
  EXPECT_LT(text.size(), 100u);
  const auto back = decode(text, 10'000);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->pages, pages.pages);
  EXPECT_EQ(back->kept, pages.kept);
  ASSERT_EQ(back->patches.size(), 2u);
  EXPECT_EQ(back->patches[1].index, 5u);
  EXPECT_FALSE(decode(text, 5000)) << "more pages than the disk has";
  EXPECT_FALSE(decode(text.substr(0, text.size() - 1), 10'000));
}

}  // namespace
}  // namespace seatrial::cutdisk
