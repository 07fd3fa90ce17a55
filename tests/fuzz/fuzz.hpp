// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fuzz targets: functions over foreign bytes that must neither crash nor break what always holds.
// Each stands in a file of its own. Two programs are made of them: fuzz_test, which replays seeds,
// the corpus and some thousands of deterministic mutations in every build (driver_test.cpp), and,
// with SEATRIAL_FUZZ and clang, one libFuzzer program per target (libfuzzer_main.cpp).
//
// corpus/TARGET/*.txt are inputs as they are, *.hex are hexadecimal digits with # comments: put an
// input there that once broke something.

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace seatrial::fuzz {

struct Target {
  std::string name;
  void (*run)(std::string_view bytes);
  std::vector<std::string> seeds;  ///< inputs that are understood, at least in part
  std::vector<std::string> words;  ///< what mutations insert
  int rounds = 3000;               ///< mutations in fuzz_test
};

std::vector<Target>& targets();

struct Registration {
  explicit Registration(Target target) { targets().push_back(std::move(target)); }
};

/// What holds for every input. Throws, so that a driver can name the input.
inline void check(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

/// Text that may be shown on a terminal: no control characters.
inline bool printable(std::string_view text) {
  for (const unsigned char c : text)
    if (c < 0x20 || c == 0x7f) return false;
  return true;
}

/// Seeds of a target's folder under corpus/.
std::vector<std::string> corpus(const std::string& target);
/// "4d 5a # comment" -> bytes.
std::string from_hex(std::string_view text);

}  // namespace seatrial::fuzz
