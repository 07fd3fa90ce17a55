// SPDX-License-Identifier: Apache-2.0
// The log of a disk, as a server finds it. Bytes as they are hardly ever pass the check sums, so
// that records are made of them too, with sums that fit: kinds, places and pages of all sorts.
#include "core/io/file.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "workers/disk/cut_disk.hpp"

namespace seatrial::fuzz {
namespace {

using namespace cutdisk;

constexpr std::uint64_t kSize = 64 * 1024;

struct Files {
  static Files& get() {
    static Files files;
    return files;
  }
  Files() {
    options.store = folder.path() / "pages";
    options.log = folder.path() / "log";
    options.size = kSize;
    check(io::write_file_atomic(options.store, std::string(40 * kPage, 's')).has_value(), "store");
  }
  io::TempDir folder = io::TempDir::make("fuzz_log").value();
  CutDisk::Options options;
};

void open_with(const std::string& log) {
  auto& files = Files::get();
  check(io::write_file_atomic(files.options.log, log).has_value(), "cannot write");
  auto disk = CutDisk::open(files.options);
  if (!disk) {
    const auto& code = disk.error().code();
    check(code == "disk.log_damaged" || code == "disk.other_base", "a strange code: " + code);
    return;
  }
  // What was believed can be used.
  std::string into(kSize, 'x');
  check(disk->read(0, into).has_value() && disk->read(0, into, Side::durable).has_value(),
        "a disk that cannot be read");
  check(disk->write(100, std::string(5000, 'w'), false).has_value(), "... or written");
  const Policy half{1, 500, true};
  check(disk->cut(half).has_value() && disk->revive().has_value(), "... or cut");
  check(disk->store().used() < 100'000, "pages without end");
}

std::string sealed(std::string_view bytes) {
  std::string log;
  std::uint64_t seq = 0;
  const auto add = [&](Record record) {
    record.seq = ++seq;
    log += encode(record);
  };
  Record header;
  header.kind = Kind::header;
  header.offset = kSize;
  header.payload = "0000000000000000 forget";
  add(header);
  while (bytes.size() >= 6 && seq < 200) {
    static constexpr std::string_view kinds = "WZTFCDEXVGMSBOPW";
    Record record;
    record.kind = static_cast<Kind>(kinds[static_cast<unsigned char>(bytes[0]) % kinds.size()]);
    record.flags = static_cast<unsigned char>(bytes[1]);
    record.offset = static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[2])) * 512;
    record.length = static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[3])) * 128;
    const auto size = std::min<std::size_t>(static_cast<unsigned char>(bytes[4]), bytes.size() - 5);
    record.payload = std::string(bytes.substr(5, size));
    bytes.remove_prefix(5 + size);
    add(record);
  }
  return log;
}

void run(std::string_view bytes) {
  open_with(std::string(bytes));
  open_with(sealed(bytes));
  (void)decode(bytes, 1000);
}

std::string step(unsigned char kind, unsigned char flags, unsigned char offset,
                 unsigned char length, const std::string& payload) {
  std::string out{static_cast<char>(kind), static_cast<char>(flags), static_cast<char>(offset),
                  static_cast<char>(length), static_cast<char>(payload.size())};
  return out + payload;
}
std::string write_of(std::vector<PageNumber> pages, unsigned char offset, unsigned char length,
                     unsigned char flags = 0) {
  const Pages all{std::move(pages), {}, flags ? std::vector<Patch>{{0, 9}} : std::vector<Patch>{}};
  return step(0, flags, offset, length, encode(all));
}
std::string number(std::uint32_t value) {
  std::string out;
  for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

const Registration registration(
    {"disk_log",
     run,
     {write_of({3, 4}, 0, 64) + step(3, 0, 0, 0, "") + write_of({5}, 8, 32, 1) +
          step(11, 0, 0, 0, "a") + write_of({kZeroPage}, 8, 4) +
          step(7, 0, 0, 0, encode(Pages{{}, {4}, {{0, 6}}})) + step(8, 0, 0, 0, "") +
          step(12, 0, 0, 0, "a") + step(13, 0, 0, 0, "a") + step(10, 0, 0, 0, "text"),
      write_of({3}, 0, 32) + write_of({4}, 8, 32) +
          step(9, 0, 0, 0, encode(Pages{{}, {}, {{0, 3}}})) + step(14, 0, 0, 0, "{}"),
      "SDL1"},
     {number(0), number(1), number(39), number(40), number(0xffffffff), "\x0b", "\x0c"},
     1500});

}  // namespace
}  // namespace seatrial::fuzz
