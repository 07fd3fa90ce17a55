// SPDX-License-Identifier: Apache-2.0
#pragma once
// Display: what a person sees while images are made and cases run. On a TTY one status area that is
// redrawn in place under the lines that stay; elsewhere plain lines with the time of day, and a
// sign of life when nothing happens for half a minute. Written to stderr; stdout is for results.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/cli/images.hpp"
#include "core/cli/run/scene.hpp"
#include "core/cli/terminal.hpp"

namespace seatrial::cli {

class Display {
 public:
  virtual ~Display() = default;
  /// Work before the run: images, listing.
  virtual void busy(const Busy& busy) = 0;
  /// A line that stays.
  virtual void say(const std::string& line) = 0;
  /// `event` has just been applied to `scene`; `finished` is what it ended.
  virtual void event(const Scene& scene, const model::Event& event,
                     const std::optional<FinishedCase>& finished) = 0;
  /// Time has passed; `now` in seconds of the event log.
  virtual void tick(const Scene& scene, double now) = 0;
  /// Removes what does not stay.
  virtual void end() = 0;
};

using Sink = std::function<void(std::string_view)>;

std::unique_ptr<Display> live_display(Terminal terminal, Sink sink);
std::unique_ptr<Display> plain_display(Sink sink);
std::unique_ptr<Display> silent_display();
/// The display for stderr of this process.
std::unique_ptr<Display> display_for_stderr(bool quiet);

/// "[####......]" of `columns` characters.
std::string bar(double fraction, std::size_t columns);
/// "pass", "FAIL", "error", "skip" ... as shown beside a case, padded to five.
std::string verdict_tag(const Terminal& terminal, model::Verdict verdict);
/// "3 pass, 1 fail"
std::string counted(const model::Tally& tally);

}  // namespace seatrial::cli
