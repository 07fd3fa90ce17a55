// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/tiny_image.hpp"

#include <fstream>

#include "core/io/process.hpp"

namespace seatrial::e2e {
namespace {

constexpr unsigned char kGuest[] = {
#include "tests/workers/qemu/tiny_guest.inc"
};
// What a boot sector may hold before the partition table of an MBR.
static_assert(sizeof kGuest <= 440);

constexpr const char* kMakeDisk = R"(set -e; PATH=$PATH:/usr/sbin:/sbin
truncate -s 24M "$1"
printf 'label: dos\nstart=2048, size=32768, type=c\n' | sfdisk -q "$1"
mkfs.vfat --offset 2048 -n resin-boot "$1" 16384 >/dev/null 2>&1
[ -z "$2" ] || printf %s "$2" | mcopy -i "$1@@1048576" - ::config.json
)";

}  // namespace

Result<std::filesystem::path> make_tiny_os(const std::filesystem::path& folder,
                                           const std::string& config) {
  const auto path = folder / "tiny-os.img";
  auto make = io::cmd("bash").arg("-c").arg(kMakeDisk).arg("make").arg(path.string()).arg(config);
  CHECK_OK(io::run_checked(std::move(make), Budget(std::chrono::seconds(60), "a disk"), "tiny_os",
                           Blame::bench));
  std::fstream disk(path, std::ios::binary | std::ios::in | std::ios::out);
  disk.write(reinterpret_cast<const char*>(kGuest), sizeof kGuest);
  if (disk.good()) return path;
  return Failure("tiny_os", Blame::bench, "cannot write " + path.string(), "make some room");
}

}  // namespace seatrial::e2e
