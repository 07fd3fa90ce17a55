// SPDX-License-Identifier: Apache-2.0
#include "workers/console/scanner.hpp"

#include <algorithm>

#include "core/model/console_text.hpp"

namespace seatrial::console {
namespace {

constexpr auto npos = std::string_view::npos;
/// Unfinished lines up to this size are looked at whenever they grow.
constexpr std::size_t short_tail = 1024;

}  // namespace

/// Where matching may begin in the plain text: after `from_`, and after the first byte of a line
/// whose beginning is gone (so that `^` does not match there).
std::size_t Scanner::start_in(std::string_view raw, std::uint64_t offset, bool head_cut) const {
  const std::size_t start =
      from_ > offset ? model::plain_position(raw, static_cast<std::size_t>(from_ - offset)) : 0;
  return head_cut ? std::max<std::size_t>(start, 1) : start;
}

void Scanner::report(const Hit& hit, std::string_view raw, std::string_view plain,
                     std::uint64_t offset, Duration at, bool finished, const OnFound& found) {
  const auto begin = model::raw_position(raw, hit.begin);
  const auto end = hit.end == hit.begin ? begin : model::raw_position(raw, hit.end - 1) + 1;
  done_ = mode_ == Mode::first;
  found(Found{hit, plain, offset, offset + begin, offset + end, at, finished});
}

void Scanner::line(std::string_view raw, std::uint64_t offset, Duration at, bool head_cut,
                   const OnFound& found) {
  if (offset + raw.size() < from_) return;
  const auto plain = model::plain_line(raw, scratch_);
  if (const auto hit = set_->match(plain, start_in(raw, offset, head_cut)))
    report(*hit, raw, plain, offset, at, true, found);
}

void Scanner::block(const Block& block, const OnFound& found) {
  if (done_) return;
  scanned_end_ = 0;
  if (block.offset + block.raw.size() <= from_) {
    tail_reported_ = false;
    return;
  }
  if (set_->filtered()) return filtered_block(block, found);
  for (std::size_t begin = 0; begin < block.raw.size() && !done_;) {
    const std::size_t end = block.raw.find('\n', begin);
    if (!(begin == 0 && tail_reported_))
      line(block.raw.substr(begin, end - begin), block.offset + begin, block.at,
           begin == 0 && block.head_cut, found);
    begin = end + 1;
  }
  tail_reported_ = false;
}

/// Visits only lines that hold a literal which a pattern needs. The lines of plain() are those of
/// `raw`, so the two are walked side by side when they differ.
void Scanner::filtered_block(const Block& block, const OnFound& found) {
  const std::string_view text = block.plain();
  const bool same = text.data() == block.raw.data();
  std::size_t at = 0, raw_at = 0;  // beginnings of one line in both
  while (at < text.size() && !done_) {
    const std::size_t hit = set_->candidate(text, at);
    if (hit == npos) break;
    for (std::size_t newline; (newline = text.find('\n', at)) < hit; at = newline + 1)
      if (!same) raw_at = block.raw.find('\n', raw_at) + 1;
    if (same) raw_at = at;
    const std::size_t end = block.raw.find('\n', raw_at);
    if (!(raw_at == 0 && tail_reported_))
      line(block.raw.substr(raw_at, end - raw_at), block.offset + raw_at, block.at,
           raw_at == 0 && block.head_cut, found);
    at = text.find('\n', at) + 1;
    raw_at = end + 1;
  }
  tail_reported_ = false;
}

void Scanner::tail(const Tail& tail, Duration quiet, bool last_look, const OnFound& found) {
  if (done_ || tail_reported_ || tail.raw.empty() || tail.end() <= from_) return;
  const std::size_t fresh = tail.end() - std::clamp(scanned_end_, tail.offset, tail.end());
  const bool grown = fresh > 0 && (tail.raw.size() <= short_tail || fresh * 4 >= tail.raw.size());
  const bool look = mode_ == Mode::first ? grown || quiet >= short_quiet : quiet >= long_quiet;
  if (!look && !last_look) return;
  scanned_end_ = tail.end();
  const auto plain = model::plain_line(tail.raw, scratch_);
  const auto start = start_in(tail.raw, tail.offset, tail.head_cut);
  const auto hit = set_->match_unfinished(plain, start, quiet);
  if (!hit) return;
  tail_reported_ = mode_ == Mode::every_line;
  report(*hit, tail.raw, plain, tail.offset, tail.at, false, found);
}

}  // namespace seatrial::console
