// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/model/console_log.hpp"
#include "core/model/console_text.hpp"

namespace seatrial::model {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "console-files.XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void log(std::string_view text) { write(console_log_name, text); }
  void index(const std::vector<ConsoleStamp>& stamps, std::string_view extra = {}) {
    std::string bytes;
    for (const auto& stamp : stamps) {
      const auto record = encode(stamp);
      bytes.append(record.data(), record.size());
    }
    write(console_index_name, bytes.append(extra));
  }
  void write(std::string_view name, std::string_view text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  ConsoleReader open() {
    auto reader = ConsoleReader::open(folder_);
    EXPECT_TRUE(reader.has_value());
    return std::move(*reader);
  }
  static std::vector<std::string> texts(const Result<std::vector<ConsoleLine>>& lines) {
    std::vector<std::string> out;
    for (const auto& line : *lines) out.push_back(line.text);
    return out;
  }

  fs::path folder_;
};

using Texts = std::vector<std::string>;

TEST_F(Files, a_stamp_survives_its_encoding_and_a_flipped_bit_is_noticed) {
  const ConsoleStamp stamp{1234567890123, 5s, 1'700'000'000s, ConsoleMark::power_on};
  auto bytes = encode(stamp);
  const auto back = decode_console_stamp(bytes);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->offset, stamp.offset);
  EXPECT_EQ(back->monotonic, stamp.monotonic);
  EXPECT_EQ(back->wall, stamp.wall);
  EXPECT_EQ(back->mark, stamp.mark);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto broken = bytes;
    broken[i] = static_cast<char>(broken[i] ^ 0x10);
    EXPECT_FALSE(decode_console_stamp(broken).has_value()) << i;
  }
}

TEST_F(Files, tail_gives_the_last_lines_with_their_offsets) {
  log("one\r\ntwo\r\n\r\nlogin: ");
  auto reader = open();
  EXPECT_EQ(texts(reader.tail(2)), (Texts{"", "login: "}));
  EXPECT_EQ(texts(reader.tail(99)), (Texts{"one", "two", "", "login: "}));
  const auto last = *reader.tail(1);
  EXPECT_EQ(last[0].offset, 12u);
  EXPECT_FALSE(last[0].finished);
  EXPECT_EQ(texts(reader.tail(1, 1u << 20, 10)), (Texts{"two"}));
  EXPECT_EQ(texts(reader.tail(0)), Texts{});
}

TEST_F(Files, tail_of_a_finished_log_does_not_count_an_empty_line_behind_it) {
  log("one\ntwo\n");
  auto reader = open();
  EXPECT_EQ(texts(reader.tail(1)), (Texts{"two"}));
  EXPECT_EQ(texts(reader.tail(2)), (Texts{"one", "two"}));
}

TEST_F(Files, a_log_without_any_newline_is_read_in_bounded_pieces) {
  log(std::string(300'000, 'x'));
  auto reader = open();
  const auto tail = *reader.tail(1, 100'000);
  std::size_t total = 0;
  for (const auto& line : tail) {
    EXPECT_LE(line.text.size(), 64u << 10);
    total += line.text.size();
  }
  EXPECT_LE(total, 170'000u);
  const auto lines = *reader.lines(0, UINT64_MAX);
  total = 0;
  for (const auto& line : lines) total += line.text.size();
  EXPECT_EQ(total, 300'000u);
}

TEST_F(Files, lines_between_offsets_are_those_that_begin_there) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "line " + std::to_string(i) + "\n";
  log(text);
  auto reader = open();
  const auto from = text.find("line 777\n"), to = text.find("line 780\n");
  EXPECT_EQ(texts(reader.lines(from, to)), (Texts{"line 777", "line 778", "line 779"}));
  EXPECT_EQ(reader.lines(0, UINT64_MAX)->size(), 20000u);
  EXPECT_LT(reader.lines(0, UINT64_MAX, 1000)->size(), 200u);
  EXPECT_EQ(*reader.bytes(from, to), "line 777\nline 778\nline 779\n");
}

TEST_F(Files, times_are_found_by_offset_and_offsets_by_time) {
  log(std::string(100, 'x'));
  index({{0, 1s, 1001s, ConsoleMark::power_on},
         {0, 2s, 1002s, ConsoleMark::bytes},
         {50, 3s, 1003s, ConsoleMark::bytes},
         {60, 4s, 1004s, ConsoleMark::power_off}});
  auto reader = open();
  EXPECT_EQ(reader.time_of(0)->monotonic, 2s);
  EXPECT_EQ(reader.time_of(49)->monotonic, 2s);
  EXPECT_EQ(reader.time_of(50)->wall, 1003s);
  EXPECT_EQ(reader.time_of(99)->monotonic, 3s);
  EXPECT_EQ(reader.offset_at(2500ms), 50u);
  EXPECT_EQ(reader.offset_at(0s), 0u);
  EXPECT_EQ(reader.offset_at(9s), 100u);
  const auto marks = reader.marks();
  ASSERT_EQ(marks.size(), 2u);
  EXPECT_EQ(marks[0].mark, ConsoleMark::power_on);
  EXPECT_EQ(marks[1].offset, 60u);
}

TEST_F(Files, a_torn_or_damaged_index_still_serves) {
  log(std::string(1000, 'x'));
  std::vector<ConsoleStamp> stamps;
  for (unsigned i = 0; i < 100; ++i)
    stamps.push_back(
        {i * 10, std::chrono::seconds(i), std::chrono::seconds(i), ConsoleMark::bytes});
  index(stamps, "torn record");
  {
    std::fstream file(folder_ / console_index_name,
                      std::ios::binary | std::ios::in | std::ios::out);
    for (const int bad : {0, 1, 49, 50, 51, 99}) {
      file.seekp(bad * 32 + 3);
      file.put('!');
    }
  }
  auto reader = open();
  EXPECT_EQ(reader.stamps(), 100u);
  EXPECT_EQ(reader.time_of(333)->monotonic, 33s);
  EXPECT_EQ(reader.time_of(505)->monotonic, 48s);  // the nearest good one before
  EXPECT_EQ(reader.time_of(999)->monotonic, 98s);
  EXPECT_FALSE(reader.time_of(5).has_value());
}

TEST_F(Files, a_missing_log_is_a_failure_and_a_missing_index_is_not) {
  const auto none = ConsoleReader::open(folder_);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code(), "console.no_log");
  log("text\n");
  auto reader = open();
  EXPECT_FALSE(reader.time_of(0).has_value());
  EXPECT_EQ(texts(reader.tail(1)), (Texts{"text"}));
}

TEST(PlainLine, removes_colours_titles_and_line_ends) {
  EXPECT_EQ(plain_line("[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mchrony\x1b[0m.\r"),
            "[  OK  ] Started chrony.");
  EXPECT_EQ(plain_line("\x1b]0;root@host: ~\aroot@host:~# "), "root@host:~# ");
  EXPECT_EQ(plain_line("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"), "link");
  EXPECT_EQ(plain_line("\x1b[?2004h\r\x1b[Kroot# "), "root# ");
  EXPECT_EQ(plain_line("\x1b(B\x1b[m\x1b=text\x1b>"), "text");
  EXPECT_EQ(plain_line("\r\rplain\r\r"), "plain");
  EXPECT_EQ(plain_line(""), "");
  EXPECT_EQ(plain_line("a\rb"), "a\rb");
}

TEST(PlainLine, a_sequence_that_never_ends_hides_nothing_but_itself) {
  EXPECT_EQ(plain_line("\x1b]0;Kernel panic - not syncing"), "0;Kernel panic - not syncing");
  EXPECT_EQ(plain_line("\x1bPKernel panic"), "Kernel panic");
  EXPECT_EQ(plain_line("text\x1b[12"), "text");
  EXPECT_EQ(plain_line("text\x1b"), "text");
  EXPECT_EQ(plain_line("\x1b[12\x01panic"), "\x01panic");
}

TEST(PlainLine, positions_map_both_ways) {
  const std::string raw = "\r\x1b[1mab\x1b[0mcd\x1b[Kef\r";
  const std::string plain = plain_line(raw);
  ASSERT_EQ(plain, "abcdef");
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(raw[raw_position(raw, i)], plain[i]);
    EXPECT_EQ(plain_position(raw, raw_position(raw, i)), i);
  }
  EXPECT_EQ(plain_position(raw, raw.size()), plain.size());
}

}  // namespace
}  // namespace seatrial::model
