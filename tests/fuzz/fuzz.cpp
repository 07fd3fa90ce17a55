// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace seatrial::fuzz {
namespace fs = std::filesystem;

std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

std::string from_hex(std::string_view text) {
  std::string out, digits;
  bool comment = false;
  for (const char c : text) {
    if (c == '#' || c == '\n') comment = c == '#';
    if (!comment && std::isxdigit(static_cast<unsigned char>(c)) != 0) digits += c;
  }
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return out;
}

std::vector<std::string> corpus(const std::string& target) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry :
       fs::directory_iterator(fs::path(SEATRIAL_SOURCE_DIR) / "tests/fuzz/corpus" / target, none))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());  // the same order everywhere
  std::vector<std::string> out;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    out.push_back(file.extension() == ".hex" ? from_hex(content) : content);
  }
  return out;
}

}  // namespace seatrial::fuzz
