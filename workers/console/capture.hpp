// SPDX-License-Identifier: Apache-2.0
#pragma once
// Capture: reads a console's stream to its end; each chunk goes to the log, then into the ring (the
// last 1 MiB), to the taps, and to the matcher, in this order, so that whoever acts on a line finds
// it recorded. Memory is bounded whatever is printed. A log that cannot be written is told to the
// owner once (`on_trouble`); capture and matching go on in memory. One io_context thread; lives for
// the whole run, over any number of streams (power cycles).

#include <functional>
#include <memory>
#include <vector>

#include "workers/console/channel.hpp"
#include "workers/console/console_log.hpp"
#include "workers/console/matcher.hpp"
#include "workers/console/ring.hpp"

namespace seatrial::console {

struct CaptureStats {
  std::uint64_t bytes = 0;  ///< since this process opened the log
  std::uint64_t reads = 0;
  std::uint64_t lost = 0;       ///< not written to the log
  double bytes_per_second = 0;  ///< over about the last second of output
  Duration last_at{};           ///< monotonic time of the last byte
};

class Capture final : public Past {
 public:
  using OnTrouble = std::function<void(const Failure&)>;
  using OnBytes = std::function<void(std::uint64_t offset, std::string_view bytes)>;
  static constexpr std::size_t ring_size = 1u << 20;
  static constexpr std::size_t read_size = 128u << 10;

  Capture(boost::asio::any_io_executor executor, const Clock& clock, ConsoleLog log,
          OnTrouble on_trouble);

  /// Reads until the stream ends (a value) or breaks (a Failure); both leave a mark in the index.
  Task<Result<>> run(std::shared_ptr<Channel> channel);
  /// A mark in the index at the current end, which is returned: "the power went on here".
  std::uint64_t mark(model::ConsoleMark mark);

  Matcher& matcher() { return matcher_; }
  /// Calls for every chunk from now on, while the subscription lives. Must not block: a slow
  /// consumer keeps an offset and pulls with read().
  [[nodiscard]] Subscription tap(OnBytes on_bytes);
  CaptureStats stats() const;
  std::uint64_t end() const { return ring_.end(); }
  Result<> sync() { return log_.sync(); }
  std::filesystem::path folder() const { return log_.folder(); }

  /// Bytes of the capture, from the ring or the log.
  Result<std::string> read(std::uint64_t offset, std::size_t most) const override;
  Duration time_of(std::uint64_t offset) const override;

  /// One chunk as if it had been read from a stream (replays, tests).
  void take(std::string_view bytes);

 private:
  void trouble(const Result<>& result);

  const Clock& clock_;
  ConsoleLog log_;
  OnTrouble on_trouble_;
  Ring ring_;
  Matcher matcher_;
  struct Tap {
    std::weak_ptr<void> owner;
    OnBytes on_bytes;
  };
  std::vector<std::shared_ptr<Tap>> taps_;
  CaptureStats stats_;
  Duration window_begin_{};
  std::uint64_t window_bytes_ = 0;
};

}  // namespace seatrial::console
