// SPDX-License-Identifier: Apache-2.0
#include "core/base/ids.hpp"

#include <sys/random.h>

#include <ctime>

#include "core/base/assert.hpp"

namespace seatrial {

std::string random_hex(std::size_t digits) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string bytes((digits + 1) / 2, '\0');
  for (std::size_t got = 0; got < bytes.size();) {
    const ssize_t n = getrandom(bytes.data() + got, bytes.size() - got, 0);
    // getrandom on a running Linux fails only with EINTR; anything else is a broken kernel.
    SEATRIAL_ASSERT(n > 0 || errno == EINTR);
    if (n > 0) got += static_cast<std::size_t>(n);
  }
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[(static_cast<unsigned char>(byte) >> 4) & 15];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  text.resize(digits);
  return text;
}

std::string make_run_id(const Clock& clock) {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock.wall()).count();
  const std::time_t whole = static_cast<std::time_t>(now);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
  return std::string(stamp) + "-" + random_hex(4);
}

}  // namespace seatrial
