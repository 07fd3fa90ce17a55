// SPDX-License-Identifier: Apache-2.0
#include "core/io/reserve.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace seatrial::io {

Reserve Reserve::make(const std::filesystem::path& folder, std::uint64_t bytes) {
  Reserve out;
  std::string name = (folder / ".reserve.XXXXXX").string();
  UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return out;
  ::unlink(name.c_str());
  if (::posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes)) == 0) out.fd_ = std::move(fd);
  return out;
}

}  // namespace seatrial::io
