// SPDX-License-Identifier: Apache-2.0
#pragma once
// Clock: the seam through which code asks for the time, so that tests turn it by hand. Not owned by
// its users; lives longer than they do. Monotonic time is for budgets and order, wall time for
// people.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seatrial {

using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds of a clock that never steps back.
  virtual Duration monotonic() const = 0;
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  virtual Duration wall() const = 0;

  /// The clock of this machine.
  static const Clock& system();
};

/// A clock that stands still until it is turned.
class HandClock final : public Clock {
 public:
  explicit HandClock(Duration wall = std::chrono::seconds(1'700'000'000)) : wall_(wall) {}
  Duration monotonic() const override { return monotonic_; }
  Duration wall() const override { return wall_; }
  void advance(Duration by) {
    monotonic_ += by;
    wall_ += by;
  }
  /// Somebody sets the wall clock.
  void step(Duration by) { wall_ += by; }

 private:
  Duration monotonic_{};
  Duration wall_;
};

/// "2026-03-01T12:00:00.123Z"
std::string iso8601(Duration wall);
/// The reverse, for UTC with or without a fraction; nothing for other text.
std::optional<Duration> from_iso8601(std::string_view text);
/// "350 ms", "12.3 s", "4 min 05 s", "2 h 03 min"
std::string human_duration(Duration span);
constexpr double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }
constexpr Duration from_seconds(double value) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

}  // namespace seatrial
