// SPDX-License-Identifier: Apache-2.0
#include "workers/dut/clock.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/base/log.hpp"
#include "core/base/text.hpp"

namespace seatrial::dut {
using namespace std::chrono_literals;

namespace {

/// busybox's date knows no %N: whole seconds, so an answer is half a second off on average.
constexpr Duration kHalfSecond = 500ms;

struct Reading {
  Duration offset{};
  Duration uncertain{};  ///< the offset is known up to this
};

Failure unreadable(const RunResult& result) {
  return Failure(
      "clock.unreadable", Blame::unknown,
      fmt::format("the DUT's clock cannot be read: {} {}", trim(result.out), trim(result.err)),
      "check that date works in its shell");
}

Task<Result<Reading>> read_clock(Shell* shell, const Clock* host, Duration budget) {
  const Duration before = host->wall();
  RunRequest request("date -u +%s", budget);
  CO_TRY(const auto result, co_await shell->run(std::move(request)));
  const Duration after = host->wall();
  const auto text = trim(result.out);
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!result.ok() || error != std::errc() || end != text.data() + text.size() || text.empty())
    co_return unreadable(result);
  Reading reading;
  reading.offset = std::chrono::seconds(value) + kHalfSecond - (before + after) / 2;
  reading.uncertain = (after - before) / 2 + kHalfSecond;
  co_return reading;
}

Duration magnitude(Duration value) { return value < Duration::zero() ? -value : value; }

Task<Result<Duration>> offset_of(Shell* dut, const Clock* host, Duration budget) {
  CO_TRY(const auto reading, co_await read_clock(dut, host, budget));
  co_return reading.offset;
}

Task<Result<Duration>> wake_up(Shell* dut, const Clock* clock, Duration tolerance,
                               Duration budget) {
  CO_TRY(const auto found, co_await read_clock(dut, clock, budget));
  // The random pool is part of the snapshot: two restores would draw the same numbers.
  const std::string stir = fmt::format("echo {} > /dev/urandom", clock->wall().count());
  const bool wrong = magnitude(found.offset) > tolerance + found.uncertain;
  // The emulated RTC shows host time; where it cannot be read, our own clock has to do.
  const std::string set = fmt::format(
      "hwclock -s -u 2>/dev/null || hwclock -s 2>/dev/null || date -u -s @{}",
      std::chrono::duration_cast<std::chrono::seconds>(clock->wall() + kHalfSecond).count());
  RunRequest request(wrong ? stir + "; " + set : stir, budget);
  CO_TRY(const auto done, co_await dut->run(std::move(request)));
  if (!wrong) co_return found.offset;
  CO_TRY(auto now, co_await read_clock(dut, clock, budget));
  if (magnitude(now.offset) > tolerance + now.uncertain) {
    // An RTC that was wrong too (a device without a battery): set it from here.
    RunRequest again(
        fmt::format(
            "date -u -s @{}",
            std::chrono::duration_cast<std::chrono::seconds>(clock->wall() + kHalfSecond).count()),
        budget);
    CO_TRY(const auto second, co_await dut->run(std::move(again)));
    (void)second;
    CO_TRY(now, co_await read_clock(dut, clock, budget));
  }
  if (magnitude(now.offset) > tolerance + now.uncertain)
    co_return Failure("clock.not_set", Blame::unknown,
                      fmt::format("the DUT's clock is {} off after it was set: {}",
                                  human_duration(magnitude(now.offset)), trim(done.err)),
                      "check hwclock and date on the DUT, and that the shell is root's");
  log::debug("the DUT's clock was {:.1f} s off and is set", seconds(found.offset));
  co_return found.offset;
}

}  // namespace

Task<Result<Duration>> clock_offset(Shell& shell, const Clock& host, Duration budget) {
  return offset_of(&shell, &host, budget);
}

Task<Result<Duration>> wake(Shell& shell, const Clock& host, Duration tolerance, Duration budget) {
  return wake_up(&shell, &host, tolerance, budget);
}

}  // namespace seatrial::dut
