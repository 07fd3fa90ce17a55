// SPDX-License-Identifier: Apache-2.0
// The display for pipes, files and CI systems: one line per thing that happened, with the time of
// day, never redrawn.
#include <fmt/core.h>

#include <ctime>

#include "core/base/clock.hpp"
#include "core/base/text.hpp"
#include "core/cli/run/display.hpp"

namespace seatrial::cli {
namespace {

/// A sign of life, so that no CI system takes a long boot for a hang.
constexpr double kSilence = 30;

std::string time_of_day() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  return fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string span(double seconds) { return human_duration(from_seconds(std::max(0.0, seconds))); }

class PlainDisplay final : public Display {
 public:
  explicit PlainDisplay(Sink sink) : sink_(std::move(sink)) {}

  void busy(const Busy& busy) override {
    const auto tenth = static_cast<int>(busy.fraction * 10);
    if (busy.text == last_busy_ && tenth == last_tenth_) return;
    last_busy_ = busy.text;
    last_tenth_ = tenth;
    if (busy.fraction > 0)
      say(fmt::format("{}: {:.0f} %, about {} left", busy.text, busy.fraction * 100,
                      span(busy.left)));
    else
      say(busy.text);
  }

  void say(const std::string& line) override { sink_(time_of_day() + " " + line + "\n"); }

  void event(const Scene& scene, const model::Event& event,
             const std::optional<FinishedCase>& finished) override {
    last_sign_ = std::max(last_sign_, event.mono);
    if (finished) {
      report(scene, *finished);
    } else if (event.kind == "case_started") {
      say(fmt::format("start   {} (from {}, at most {})", event.case_name,
                      event.text("checkpoint", "?"),
                      span(event.number("budget_seconds") * scene.budget_scale())));
    } else if (event.kind == "progress") {
      say("        " + event.text("text"));
    } else if (event.kind == "note") {
      say("note    " + event.text("text"));
    } else if (event.kind == "sentinel" && !event.truth("allowed")) {
      say("console " + std::string(trim(event.text("line"))));
    }
  }

  void tick(const Scene& scene, double now) override {
    if (scene.ended() || now - last_sign_ < kSilence) return;
    last_sign_ = now;
    std::string text = scene.running() ? scene.running()->name : "between cases";
    if (const auto* step = scene.inner_step())
      text += fmt::format(": {} for {}", step->text, span(now - step->began));
    say(fmt::format("still   {}; {} of {} done, about {} left", text, scene.done(), scene.total(),
                    span(scene.seconds_left(now))));
  }

  void end() override {}

 private:
  void report(const Scene& scene, const FinishedCase& finished) {
    std::string line = verdict_tag(Terminal::none(), finished.verdict) + " " + finished.name;
    if (finished.attempt > 1) line += fmt::format(" (attempt {})", finished.attempt);
    say(fmt::format("{}  {}  [{}/{}]", line, span(finished.seconds), scene.done(), scene.total()));
    if (finished.verdict == model::Verdict::pass || finished.why.empty()) return;
    say("        " + finished.why);
    if (!finished.advice.empty() && finished.verdict != model::Verdict::skip)
      say("        " + finished.advice);
  }

  Sink sink_;
  std::string last_busy_;
  int last_tenth_ = -1;
  double last_sign_ = 0;
};

}  // namespace

std::unique_ptr<Display> plain_display(Sink sink) {
  return std::make_unique<PlainDisplay>(std::move(sink));
}

}  // namespace seatrial::cli
