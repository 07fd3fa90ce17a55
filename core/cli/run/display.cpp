// SPDX-License-Identifier: Apache-2.0
#include "core/cli/run/display.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/base/text.hpp"

namespace seatrial::cli {
namespace {

class SilentDisplay final : public Display {
 public:
  void busy(const Busy&) override {}
  void say(const std::string&) override {}
  void event(const Scene&, const model::Event&, const std::optional<FinishedCase>&) override {}
  void tick(const Scene&, double) override {}
  void end() override {}
};

void write_stderr(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(2, bytes.data(), bytes.size());
    if (n <= 0) return;  // nobody listens: the run goes on
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

std::string bar(double fraction, std::size_t columns) {
  const double inside = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(columns);
  const auto filled = static_cast<std::size_t>(inside + 0.5);
  return "[" + std::string(filled, '#') + std::string(columns - filled, '.') + "]";
}

std::string verdict_tag(const Terminal& terminal, model::Verdict verdict) {
  using model::Verdict;
  const auto word =
      verdict == Verdict::fail ? std::string("FAIL") : std::string(to_string(verdict));
  const auto colour = verdict == Verdict::pass                                ? Colour::green
                      : verdict == Verdict::fail || verdict == Verdict::flaky ? Colour::red
                      : verdict == Verdict::skip                              ? Colour::dim
                                                                              : Colour::yellow;
  return terminal.paint(colour, fitted(word, 7));
}

std::string counted(const model::Tally& tally) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < model::kVerdicts; ++i)
    if (tally.count[i] > 0)
      parts.push_back(
          fmt::format("{} {}", tally.count[i], to_string(static_cast<model::Verdict>(i))));
  return join(parts, ", ");
}

std::unique_ptr<Display> silent_display() { return std::make_unique<SilentDisplay>(); }

std::unique_ptr<Display> display_for_stderr(bool quiet) {
  if (quiet) return silent_display();
  const auto terminal = Terminal::of(2);
  return terminal.is_tty() ? live_display(terminal, write_stderr) : plain_display(write_stderr);
}

}  // namespace seatrial::cli
