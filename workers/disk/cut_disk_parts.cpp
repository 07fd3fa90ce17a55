// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/cut_disk_parts.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace seatrial::cutdisk {
namespace {

bool all_zero(const char* page) {
  return page[0] == 0 && std::memcmp(page, page + 1, kPage - 1) == 0;
}

/// The part of page `index` that [offset, offset + length) covers.
struct Part {
  Part(std::uint64_t index, std::uint64_t offset, std::uint64_t length)
      : from(static_cast<std::size_t>(std::max(offset, index * kPage) - index * kPage)),
        to(static_cast<std::size_t>(std::min(offset + length, (index + 1) * kPage) -
                                    index * kPage)) {}
  bool whole() const { return from == 0 && to == kPage; }
  std::size_t from, to;
};

}  // namespace

Result<> CutDisk::Building::make(std::uint64_t offset, std::uint64_t length, const char* bytes) {
  const auto first = offset / kPage, last = (offset + length - 1) / kPage;
  pages_.assign(static_cast<std::size_t>(last - first + 1), kZeroPage);
  std::array<std::array<char, kPage>, 2> edges;
  std::size_t edge = 0;
  std::vector<Content> contents;
  for (auto index = first; index <= last; ++index) {
    const Part part(index, offset, length);
    const char* source = bytes ? bytes + (index * kPage + part.from - offset) : nullptr;
    if (!part.whole()) {  // the first and the last one at most
      char* around = edges[edge++].data();
      CHECK_OK(disk_.read_page(disk_.now_.live[index], index, around));
      if (source)
        std::memcpy(around + part.from, source, part.to - part.from);
      else
        std::memset(around + part.from, 0, part.to - part.from);
      source = around;
    }
    if (source && !all_zero(source))
      contents.push_back({static_cast<std::size_t>(index - first), source});
  }
  return store(contents);
}

Result<> CutDisk::Building::store(const std::vector<Content>& contents) {
  CHECK_OK(disk_.store_.take(contents.size(), taken_));
  for (std::size_t begin = 0; begin < contents.size();) {
    auto end = begin + 1;  // as far as the bytes lie one behind the other
    while (end < contents.size() && contents[end].bytes == contents[end - 1].bytes + kPage) ++end;
    CHECK_OK(
        disk_.store_.write(std::span(taken_).subspan(begin, end - begin), contents[begin].bytes));
    begin = end;
  }
  for (std::size_t i = 0; i < contents.size(); ++i) pages_[contents[i].place] = taken_[i];
  return {};
}

Result<PageNumber> CutDisk::Patcher::merged(PageNumber current, PageNumber source,
                                            std::uint64_t index, std::size_t from, std::size_t to) {
  std::array<char, kPage> page, over;
  CHECK_OK(disk_.read_page(current, index, page.data()));
  CHECK_OK(disk_.read_page(source, index, over.data()));
  std::memcpy(page.data() + from, over.data() + from, to - from);
  if (all_zero(page.data())) return kZeroPage;
  std::vector<PageNumber> taken;
  CHECK_OK(disk_.store_.take(1, taken));
  if (auto written = disk_.store_.write(taken, page.data()); !written) {
    disk_.store_.drop(taken.front());
    return written.error();
  }
  return taken.front();
}

Result<> CutDisk::Patcher::put(const Write& write, std::uint64_t length, Below below) {
  for (auto index = write.first(); index * kPage < write.offset + length; ++index) {
    const Part part(index, write.offset, length);
    const auto source = write.pages[index - write.first()];
    const auto known = pages_.find(index);
    const auto current = known == pages_.end() ? disk_.now_.durable[index] : known->second;
    if (current == source) continue;
    auto page = source;
    const bool fits =
        below == Below::same && known == pages_.end() && current == disk_.now_.live[index];
    if (part.whole() || fits) {
      disk_.store_.add(source);
    } else {
      TRY(page, merged(current, source, index, part.from, part.to));
    }
    if (known != pages_.end()) disk_.store_.drop(known->second);
    pages_[index] = page;
  }
  return {};
}

std::vector<Patch> CutDisk::Patcher::patches() const {
  std::vector<Patch> out;
  for (const auto& [index, page] : pages_) out.push_back({index, page});
  return out;
}

}  // namespace seatrial::cutdisk
