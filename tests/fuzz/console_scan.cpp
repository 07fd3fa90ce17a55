// SPDX-License-Identifier: Apache-2.0
// What a console prints: control sequences taken out, patterns found, and the same found however
// the bytes come in chunks.
#include "core/model/console_text.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "workers/console/scanner.hpp"

namespace seatrial::fuzz {
namespace {

using Hits = std::vector<std::vector<std::uint64_t>>;

const console::PatternSet::Ptr& patterns() {
  static const auto set =
      console::PatternSet::compile({"login: $", "Kernel panic - .*", "(?i)error[: ]+(\\d+)",
                                    "^\\[ *OK", "unit [a-z]+ failed$", "x{2,5}y"})
          .value();
  return set;
}

/// The finished lines of `bytes`, fed in chunks of a size that depends on `stride`.
Hits hits(std::string_view bytes, std::size_t stride) {
  console::LineFeed feed;
  console::Scanner scanner(patterns(), 0, console::Scanner::Mode::every_line);
  Hits out;
  const console::OnFound found = [&](const console::Found& one) {
    check(one.hit.begin <= one.hit.end && one.hit.end <= one.line.size(), "a hit outside its line");
    check(one.line_offset <= one.begin && one.begin <= one.end && one.end <= bytes.size(),
          "a hit outside the capture");
    check(patterns()->groups(one.line, one.hit).size() >= 1, "a hit without its text");
    out.push_back({one.hit.pattern, one.line_offset, one.begin, one.end});
  };
  const auto on_block = [&](const console::Block& block) { scanner.block(block, found); };
  for (std::size_t at = 0, n = 1; at < bytes.size(); at += n) {
    n = std::min(bytes.size() - at, 1 + stride * (at % 7 + 1));
    feed.feed(bytes.substr(at, n), Duration(0), on_block);
  }
  feed.end_line(on_block);
  check(feed.end() == bytes.size(), "bytes were lost");
  return out;
}

void lines(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = std::min(bytes.find('\n'), bytes.size());
    const auto raw = bytes.substr(0, end);
    const auto plain = model::plain_line(raw);
    check(plain.size() <= raw.size(), "a line grew when control sequences were taken out");
    for (std::size_t i = 0; i <= raw.size(); i += 1 + raw.size() / 16)
      check(model::plain_position(raw, i) <= plain.size(), "a position outside the plain line");
    for (std::size_t i = 0; i <= plain.size(); i += 1 + plain.size() / 16)
      check(model::raw_position(raw, i) <= raw.size(), "a position outside the raw line");
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
}

void run(std::string_view bytes) {
  lines(bytes);
  const auto whole = hits(bytes, bytes.size());
  for (const std::size_t stride : {0u, 1u, 13u, 400u})
    check(hits(bytes, stride) == whole, "what is found depends on how the bytes came");
}

const Registration registration(
    {"console_scan",
     run,
     {"[    0.000000] Linux version 6.1\r\n[ \x1b[0;32m OK \x1b[0m] Started unit.\r\nrefos login: ",
      "Kernel panic - not syncing: VFS\r\nERROR: 5\nerror  77 \x1b[1;31munit abc failed\x1b[0m\n",
      "\x1b]0;title\x07xxxy\r\r\nxx\x1b[2Jxy\n\x1b[", "\x1bP unfinished string\nlogin: \n",
      std::string(70000, 'x') + "y\n"},
     {"\x1b", "\x1b[", "\x1b]", "\x1bP", "\x9b", "\x07", "\x1b\\", "\r", "\n", "\r\n",
      "login: ", "panic", "\xff", std::string(1, '\0'), "\x1b[999999999999999m", "xxxy"},
     1500});

}  // namespace
}  // namespace seatrial::fuzz
