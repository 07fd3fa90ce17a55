// SPDX-License-Identifier: Apache-2.0
// The environment block of GRUB as an OS, or a power cut, left it.
#include "core/disk/grubenv.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace seatrial::fuzz {
namespace {

void run(std::string_view block) {
  const auto variables = disk::parse_grubenv(block);
  if (!variables) {
    check(variables.error().code() == "disk.bad_grubenv", "a strange code");
    return;
  }
  const auto written = disk::format_grubenv(*variables);
  if (!written) {
    check(written.error().code() == "disk.grubenv_full", "a strange code");
    return;
  }
  check(written->size() == disk::kGrubenvSize, "a block of another size");
  const auto again = disk::parse_grubenv(*written);
  check(again.has_value() && *again == *variables, "variables changed on the way");
}

const std::string whole =
    "# GRUB Environment Block\nresin_root_part=2\nbootcount=0\n"
    "upgrade_available=1\n" +
    std::string(900, '#');

const Registration registration({"grubenv",
                                 run,
                                 {whole, "# GRUB Environment Block\n",
                                  "# GRUB Environment Block\na=b\\\\c\\\nd=\n=\n# x\n"},
                                 {"\\", "\\\n", "=", "\n", "#", "# GRUB Environment Block\n",
                                  std::string(1, '\0'), "a=b\n", std::string(1024, 'x')},
                                 30000});

}  // namespace
}  // namespace seatrial::fuzz
