// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one table of what a console may say that nobody wants to read. Ids are dotted and stable: a
// case that allows "panic" also allows "panic.init_killed". In one line the first rule that matches
// counts, so special ones stand before general ones. Every rule needs a literal of four bytes or
// more (the prefilter); tests/workers/console/sentinel_rules_test.cpp holds sample lines and near
// misses for each. Texts are those of the Linux kernel (5.x, 6.x), systemd, GRUB and U-Boot.

#include <span>
#include <string_view>

namespace seatrial::console {

enum class Severity {
  fatal,      ///< nothing after it can be trusted: the case ends here
  suspicious  ///< the case may go on, and fails at its end unless it allowed this
};
std::string_view to_string(Severity severity);

struct SentinelRule {
  std::string_view id;
  Severity severity;
  std::string_view pattern;  ///< RE2, one plain line
};
std::span<const SentinelRule> sentinel_rules();

/// Stages of a start, in the order in which one start passes them.
enum class BootStage { none, firmware, loader, kernel };

/// A line by which a start shows itself. Seen again, or after a later stage: it started anew.
struct BannerRule {
  BootStage stage;
  bool repeats;  ///< one start may print it several times
  std::string_view pattern;
};
std::span<const BannerRule> banner_rules();

/// Lines by which the system says that it restarts by itself, in order or after a panic (which is
/// an alarm of its own): the start that follows is not an unexpected reset.
std::span<const std::string_view> restart_rules();

/// The id of a start that nobody had announced.
inline constexpr std::string_view unexpected_reset = "reset.unexpected";

}  // namespace seatrial::console
