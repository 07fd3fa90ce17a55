// SPDX-License-Identifier: Apache-2.0
#include "workers/console/console.hpp"

#include <algorithm>

namespace seatrial::console {

Console::Console(boost::asio::any_io_executor executor, const Clock& clock, ConsoleLog log,
                 Options options)
    : capture_(executor, clock, std::move(log), std::move(options.on_trouble)),
      pace_(options.pace),
      executor_(executor),
      typing_(executor) {}

Result<std::unique_ptr<Console>> Console::open(boost::asio::any_io_executor executor,
                                               const Clock& clock, std::filesystem::path folder,
                                               Options options) {
  TRY(auto log, ConsoleLog::open(folder));
  auto first_lines = std::move(options.first_lines);
  std::unique_ptr<Console> self(new Console(executor, clock, std::move(log), std::move(options)));
  TRY(self->sentinels_, Sentinels::arm(self->matcher(), std::move(first_lines)));
  return self;
}

Task<Result<>> Console::run(std::shared_ptr<Channel> channel) {
  channel_ = channel;
  struct Gone {
    Console& console;
    const Channel* channel;
    ~Gone() {
      if (console.channel_.get() == channel) console.channel_.reset();
    }
  } const gone{*this, channel.get()};
  co_return co_await capture_.run(channel);
}

Task<Result<>> Console::send(std::string text) {
  CO_TRY(const auto turn, co_await typing_.take());
  const std::size_t chunk = pace_.chunk ? pace_.chunk : std::max<std::size_t>(text.size(), 1);
  for (std::size_t at = 0; at < text.size(); at += chunk) {
    const auto channel = channel_;  // it may go while we write
    if (!channel)
      co_return Failure("console.disconnected", Blame::bench,
                        "nothing can be typed: the console is not connected",
                        "switch the power on first, or check why the console's stream ended");
    if (at > 0) co_await pause(pace_.gap);
    const std::string_view part = std::string_view(text).substr(at, chunk);
    CO_CHECK_OK((co_await channel->write_all(part)).with("typing on the console"));
  }
  co_return Result<>();
}

Task<Result<>> Console::send_break() {
  const auto channel = channel_;
  if (!channel)
    co_return Failure("console.disconnected", Blame::bench,
                      "no break can be sent: the console is not connected",
                      "switch the power on first, or check why the console's stream ended");
  co_return co_await channel->send_break();
}

Task<Result<Match>> Console::expect(std::vector<Pattern> patterns, Budget budget, Since since) {
  CO_TRY(auto set, PatternSet::compile(std::move(patterns)));
  co_return co_await matcher().expect(std::move(set), std::move(budget), since);
}

std::uint64_t Console::power_on() {
  sentinels_->announce_reset();
  return capture_.mark(model::ConsoleMark::power_on);
}

std::uint64_t Console::power_off() {
  sentinels_->announce_reset();
  return capture_.mark(model::ConsoleMark::power_off);
}

}  // namespace seatrial::console
