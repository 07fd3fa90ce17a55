// SPDX-License-Identifier: Apache-2.0
// The display for a terminal: lines that stay above, a status area of up to three lines below.
#include <fmt/core.h>

#include <algorithm>

#include "core/base/clock.hpp"
#include "core/base/text.hpp"
#include "core/cli/run/display.hpp"

namespace seatrial::cli {
namespace {

constexpr std::size_t kBar = 24;

std::string span(double seconds) { return human_duration(from_seconds(std::max(0.0, seconds))); }
/// Whole seconds: a figure that is redrawn need not flicker in its decimals.
std::string ticking(double seconds) {
  const auto whole = static_cast<long>(std::max(0.0, seconds));
  return whole < 60 ? fmt::format("{} s", whole)
                    : fmt::format("{} min {:02} s", whole / 60, whole % 60);
}

/// One line of the status area, before it is cut to the width.
struct Line {
  std::string text;
  Colour colour = Colour::plain;
};

class LiveDisplay final : public Display {
 public:
  LiveDisplay(Terminal terminal, Sink sink) : terminal_(terminal), sink_(std::move(sink)) {}
  ~LiveDisplay() override { LiveDisplay::end(); }

  void busy(const Busy& busy) override {
    std::vector<Line> lines{{busy.text, Colour::bold}};
    if (busy.fraction > 0)
      lines.push_back(
          {fmt::format("{} {:3.0f} %  {}, about {} left", bar(busy.fraction, kBar),
                       busy.fraction * 100, ticking(busy.elapsed), ticking(busy.left))});
    draw(lines);
  }

  void say(const std::string& line) override {
    const auto area = area_;
    draw({});
    sink_(line + "\n");
    draw(area);
  }

  void event(const Scene& scene, const model::Event& event,
             const std::optional<FinishedCase>& finished) override {
    if (finished) report(*finished);
    if (event.kind == "note" && event.text("level") == "warn")
      say(terminal_.paint(Colour::yellow, "  note: " + event.text("text")));
    if (event.kind == "sentinel" && !event.truth("allowed"))
      say(terminal_.paint(Colour::yellow, "  console: " + std::string(trim(event.text("line")))));
    if (event.kind == "run_finished")
      draw({});
    else
      tick(scene, event.mono);
  }

  void tick(const Scene& scene, double now) override {
    if (scene.ended()) return;
    std::vector<Line> lines;
    if (const auto& running = scene.running()) {
      const double elapsed = now - running->began;
      lines.push_back({fmt::format("{}  {} {} of {}", running->name,
                                   bar(running->budget > 0 ? elapsed / running->budget : 0, kBar),
                                   ticking(elapsed), ticking(running->budget)),
                       Colour::bold});
    } else {
      lines.push_back({scene.done() == 0 ? "preparing the bench" : "between cases", Colour::bold});
    }
    if (const auto* step = scene.inner_step()) {
      std::string text = "  " + (scene.progress().empty() ? step->text : scene.progress());
      text += fmt::format("  {}", ticking(now - step->began));
      if (step->budget > 0) text += fmt::format(" of at most {}", ticking(step->budget));
      lines.push_back({text, Colour::dim});
    }
    std::string totals = fmt::format("{} of {} cases done", scene.done(), scene.total());
    if (scene.done() > 0) totals += ": " + counted(scene.tally());
    lines.push_back({fmt::format("{}; {} so far, about {} left", totals, ticking(now),
                                 ticking(scene.seconds_left(now)))});
    draw(lines);
  }

  void end() override { draw({}); }

 private:
  std::size_t width() const { return terminal_.width() - 1; }

  void report(const FinishedCase& finished) {
    std::string name = finished.name;
    if (finished.attempt > 1) name += fmt::format(" (attempt {})", finished.attempt);
    say(fmt::format("{} {}  {}", verdict_tag(terminal_, finished.verdict), name,
                    terminal_.paint(Colour::dim, span(finished.seconds))));
    if (finished.verdict == model::Verdict::pass || finished.why.empty()) return;
    say("        " + finished.why);
    if (!finished.advice.empty() && finished.verdict != model::Verdict::skip)
      say(terminal_.paint(Colour::dim, "        " + finished.advice));
  }

  /// Redraws the area in place: up, clear to the end of the screen, each line cut to the width so
  /// that none wraps.
  void draw(const std::vector<Line>& lines) {
    if (lines.empty() && area_.empty()) return;
    std::string out;
    if (!area_.empty()) out += fmt::format("\033[{}A", area_.size());
    out += "\r\033[J";
    for (const auto& line : lines) {
      const bool fits = columns_of(line.text) <= width();
      out += terminal_.paint(line.colour, fits ? line.text : fitted(line.text, width())) + "\n";
    }
    area_ = lines;
    sink_(out);
  }

  Terminal terminal_;
  Sink sink_;
  std::vector<Line> area_;
};

}  // namespace

std::unique_ptr<Display> live_display(Terminal terminal, Sink sink) {
  return std::make_unique<LiveDisplay>(terminal, std::move(sink));
}

}  // namespace seatrial::cli
