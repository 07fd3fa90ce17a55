// SPDX-License-Identifier: Apache-2.0
#include "core/base/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
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

std::optional<Duration> from_iso8601(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() < kShape.size() + 1 || text.size() > 40 || text.back() != 'Z')
    return std::nullopt;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (std::size_t i = at; i < at + digits; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok()) return std::nullopt;
  Duration wall = std::chrono::sys_days(day).time_since_epoch();
  wall += std::chrono::hours(number(11, 2)) + std::chrono::minutes(number(14, 2)) +
          std::chrono::seconds(number(17, 2));
  const auto fraction = text.substr(kShape.size(), text.size() - kShape.size() - 1);
  if (!fraction.empty() && (fraction[0] != '.' || fraction.size() < 2)) return std::nullopt;
  std::int64_t unit = 100'000'000;  // nanoseconds of the first digit after the point
  for (const char digit : fraction.substr(std::min<std::size_t>(1, fraction.size()))) {
    if (!is_digit(digit)) return std::nullopt;
    wall += Duration(unit * (digit - '0'));
    unit /= 10;
  }
  return wall;
}

std::string human_duration(Duration span) {
  const double s = seconds(span);
  if (s <= 0) return "0 s";
  if (s < 0.0005) return fmt::format("{:.0f} us", s * 1e6);
  if (s < 0.9995) return fmt::format("{:.0f} ms", s * 1e3);
  if (s < 99.95) return fmt::format("{:.1f} s", s);
  const auto whole = static_cast<long>(s + 0.5);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace seatrial
