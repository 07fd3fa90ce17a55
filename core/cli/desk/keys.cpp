// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/keys.hpp"

#include <fmt/core.h>

#include <cctype>

#include "core/cli/verb.hpp"

namespace seatrial::cli {

Result<std::optional<char>> parse_key(std::string_view text) {
  if (text == "none") return std::optional<char>();
  char key = 0;
  if (text.size() == 2 && text[0] == '^') {
    key = text[1];
  } else if (text.size() == 6) {
    std::string word(text.substr(0, 5));
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (word == "ctrl-" || word == "ctrl+") key = text[5];
  }
  key = static_cast<char>(std::toupper(static_cast<unsigned char>(key)));
  if (key < 'A' || key > '_')
    return usage(fmt::format("--escape {}: no key that leaves", text),
                 "write it as ^] or ctrl-a, or none");
  return std::optional<char>(static_cast<char>(key - '@'));
}

std::string key_name(char key) { return fmt::format("Ctrl-{}", static_cast<char>(key + '@')); }

Typed typed(std::string_view input, std::optional<char> leave_key) {
  const auto at = leave_key ? input.find(*leave_key) : std::string_view::npos;
  return {std::string(input.substr(0, at)), at != std::string_view::npos};
}

}  // namespace seatrial::cli
