// SPDX-License-Identifier: Apache-2.0
#include "core/disk/grubenv.hpp"

#include "core/base/text.hpp"

namespace seatrial::disk {
namespace {
constexpr std::string_view kSignature = "# GRUB Environment Block\n";
}

Result<std::map<std::string, std::string>> parse_grubenv(std::string_view block) {
  if (block.substr(0, kSignature.size()) != kSignature)
    return Failure("disk.bad_grubenv", Blame::product,
                   "the boot loader's environment block has no signature",
                   "GRUB ignores such a file: see what wrote it last");
  std::map<std::string, std::string> variables;
  for (const auto& line : split(block.substr(kSignature.size()), '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    variables[line.substr(0, equals)] =
        std::string(trim(std::string_view(line).substr(equals + 1)));
  }
  return variables;
}

Result<std::string> format_grubenv(const std::map<std::string, std::string>& variables) {
  std::string block(kSignature);
  for (const auto& [name, value] : variables) block += name + "=" + value + "\n";
  if (block.size() > kGrubenvSize)
    return Failure("disk.grubenv_full", Blame::suite, "the variables do not fit into 1024 bytes",
                   "use fewer or shorter variables");
  block.resize(kGrubenvSize, '#');
  return block;
}

}  // namespace seatrial::disk
