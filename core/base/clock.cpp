// SPDX-License-Identifier: Apache-2.0
#include "core/base/clock.hpp"

#include <fmt/format.h>

#include <ctime>

namespace seatrial {
namespace {

class SystemClock final : public Clock {
 public:
  Duration monotonic() const override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
  Duration wall() const override { return std::chrono::system_clock::now().time_since_epoch(); }
};

}  // namespace

const Clock& Clock::system() {
  static const SystemClock clock;
  return clock;
}

std::string iso8601(Duration wall) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(wall).count();
  const std::time_t whole = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     ms % 1000);
}

std::string human_duration(Duration span) {
  const double s = seconds(span);
  if (s < 0.0005) return fmt::format("{:.0f} us", s * 1e6);
  if (s < 0.9995) return fmt::format("{:.0f} ms", s * 1e3);
  if (s < 99.95) return fmt::format("{:.1f} s", s);
  const auto whole = static_cast<long>(s + 0.5);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace seatrial
