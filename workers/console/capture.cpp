// SPDX-License-Identifier: Apache-2.0
#include "workers/console/capture.hpp"

#include "core/base/log.hpp"

namespace seatrial::console {

Capture::Capture(boost::asio::any_io_executor executor, const Clock& clock, ConsoleLog log,
                 OnTrouble on_trouble)
    : clock_(clock),
      log_(std::move(log)),
      on_trouble_(std::move(on_trouble)),
      ring_(ring_size, log_.end()),
      matcher_(executor, clock, *this, log_.end()) {}

void Capture::trouble(const Result<>& result) {
  if (result) return;
  log::warn("console: {}", result.error().describe());
  if (on_trouble_) on_trouble_(result.error());
}

std::uint64_t Capture::mark(model::ConsoleMark mark) {
  trouble(log_.mark(mark, clock_.monotonic(), clock_.wall()));
  return end();
}

void Capture::take(std::string_view bytes) {
  if (bytes.empty()) return;
  const Duration now = clock_.monotonic();
  const std::uint64_t offset = end();
  trouble(log_.append(bytes, now, clock_.wall()));
  ring_.append(bytes);
  stats_.bytes += bytes.size();
  ++stats_.reads;
  stats_.last_at = now;
  window_bytes_ += bytes.size();
  if (const Duration span = now - window_begin_; span >= std::chrono::seconds(1)) {
    stats_.bytes_per_second = static_cast<double>(window_bytes_) / seconds(span);
    window_begin_ = now;
    window_bytes_ = 0;
  }
  for (std::size_t i = 0; i < taps_.size(); ++i) {  // by index: a call may add taps
    const auto tap = taps_[i];
    if (const auto alive = tap->owner.lock()) tap->on_bytes(offset, bytes);
  }
  std::erase_if(taps_, [](const auto& tap) { return tap->owner.expired(); });
  matcher_.feed(bytes, now);
}

Task<Result<>> Capture::run(std::shared_ptr<Channel> channel) {
  mark(model::ConsoleMark::connected);
  // Also when this task is cancelled: the stream is over for us.
  struct Ended {
    Capture& capture;
    ~Ended() {
      capture.mark(model::ConsoleMark::disconnected);
      capture.matcher_.end_of_stream(capture.clock_.monotonic());
    }
  } const ended{*this};
  std::vector<char> buffer(read_size);
  for (;;) {
    auto n = co_await channel->read_some(buffer);
    if (!n) co_return std::move(n).error().with("capturing the console");
    if (*n == 0) co_return Result<>();
    take(std::string_view(buffer.data(), *n));
  }
}

Subscription Capture::tap(OnBytes on_bytes) {
  auto owner = std::make_shared<int>(0);
  auto tap = std::make_shared<Tap>();
  tap->owner = owner;
  tap->on_bytes = std::move(on_bytes);
  taps_.push_back(std::move(tap));
  return owner;
}

CaptureStats Capture::stats() const {
  auto out = stats_;
  out.lost = log_.lost();
  return out;
}

Result<std::string> Capture::read(std::uint64_t offset, std::size_t most) const {
  if (offset >= end()) return std::string();
  if (offset >= ring_.begin()) return ring_.read(offset, most);
  return log_.read(offset,
                   static_cast<std::size_t>(std::min<std::uint64_t>(most, ring_.begin() - offset)));
}

Duration Capture::time_of(std::uint64_t offset) const {
  if (auto reader = model::ConsoleReader::open(log_.folder()))
    if (const auto stamp = reader->time_of(offset)) return stamp->monotonic;
  return clock_.monotonic();
}

}  // namespace seatrial::console
