// SPDX-License-Identifier: Apache-2.0
// console.log and console.idx of a killed run: any bytes may stand there.
#include <fstream>

#include "core/io/file.hpp"
#include "core/model/console_log.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace seatrial::fuzz {
namespace {

std::string stamps() {
  std::string out;
  for (unsigned i = 0; i < 6; ++i) {
    const auto mark = static_cast<model::ConsoleMark>(i % 6);
    const auto bytes =
        model::encode(model::ConsoleStamp{i * 10, Duration(i * 1000), Duration(i), mark});
    out.append(bytes.data(), bytes.size());
  }
  return out;
}

/// The first byte says how long the index is, in records; the rest is the log.
void run(std::string_view bytes) {
  if (bytes.empty()) return;
  static const io::TempDir dir = io::TempDir::make("console-fuzz").value();
  const auto records = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  const auto index = bytes.substr(0, records * model::console_stamp_size);
  const auto log = bytes.substr(index.size());
  std::ofstream(dir.path() / model::console_index_name, std::ios::binary) << index;
  std::ofstream(dir.path() / model::console_log_name, std::ios::binary) << log;
  auto reader = model::ConsoleReader::open(dir.path());
  check(reader.has_value(), "the files cannot be opened");
  check(reader->size() == log.size(), "another size than the file's");
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{log.size() / 2},
                                 std::uint64_t{log.size()}, ~std::uint64_t{0}}) {
    (void)reader->time_of(at);
    const auto part = reader->bytes(at, at + 100, 50);
    check(!part || part->size() <= 50, "more bytes than were asked for");
    const auto lines = reader->lines(at, ~std::uint64_t{0}, 1000);
    if (lines)
      for (const auto& line : *lines)
        check(line.text.find('\n') == line.text.npos && line.offset <= log.size(), "a bad line");
    (void)reader->tail(5, 1000, at);
  }
  check(reader->offset_at(Duration(2500)) <= log.size(), "an offset behind the log");
  for (const auto& stamp : reader->marks()) (void)to_string(stamp.mark);
}

const Registration registration({"console_files",
                                 run,
                                 {std::string(1, '\6') + stamps() + "one\ntwo\r\nthree",
                                  std::string(1, '\0') + "no index\n",
                                  std::string(1, '\6') + stamps().substr(0, 100)},
                                 {std::string(32, '\0'), "\n", "\xff\xff\xff\xff\xff\xff\xff\xff"},
                                 1500});

}  // namespace
}  // namespace seatrial::fuzz
