// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/waiting.hpp"

#include <fmt/core.h>
#include <unistd.h>

namespace seatrial::cli {
namespace {

constexpr auto kSilence = std::chrono::seconds(30);

void write_stderr(std::string_view text) {
  [[maybe_unused]] const auto n = ::write(2, text.data(), text.size());  // nobody listens: go on
}

}  // namespace

Waiting::Waiting(std::string what, Terminal terminal, Sink sink)
    : what_(std::move(what)),
      terminal_(terminal),
      sink_(std::move(sink)),
      began_(Clock::system().monotonic()),
      told_(began_) {
  if (!terminal_.is_tty()) sink_(what_ + "\n");
}

Waiting Waiting::on_stderr(std::string what, bool quiet) {
  if (quiet) return Waiting(std::move(what), Terminal::none(), [](std::string_view) {});
  return Waiting(std::move(what), Terminal::of(2), write_stderr);
}

Waiting::~Waiting() {
  if (drawn_) sink_("\r\033[K");
}

void Waiting::tick(const std::string& how_far) {
  const auto now = Clock::system().monotonic();
  const auto text = fmt::format("{}: {:.0f} s{}{}", what_, seconds(now - began_),
                                how_far.empty() ? "" : ", ", how_far);
  if (terminal_.is_tty()) {
    const auto columns = terminal_.width();
    sink_("\r\033[K" + (columns_of(text) < columns ? text : fitted(text, columns - 1)));
    drawn_ = true;
    return;
  }
  if (how_far == last_ && now - told_ < kSilence) return;
  last_ = how_far;
  told_ = now;
  sink_(text + "\n");
}

}  // namespace seatrial::cli
