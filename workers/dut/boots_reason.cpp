// SPDX-License-Identifier: Apache-2.0
// Why a boot happened, and how the one before it ended.
#include <fmt/format.h>

#include "workers/dut/boots_story.hpp"

namespace seatrial::dut {

std::string_view to_string(BootReason reason) {
  switch (reason) {
    case BootReason::power_on: return "power_on";
    case BootReason::reboot: return "reboot";
    case BootReason::reset: return "reset";
    case BootReason::rollback: return "rollback";
    case BootReason::panic: return "panic";
    case BootReason::watchdog: return "watchdog";
    case BootReason::unexpected: return "unexpected";
  }
  return "?";
}

/// Works out the reason of a boot, and how the one before it ended, from what is known now.
/// Called again when more becomes known.
void BootStory::explain(std::size_t index) {
  Boot& boot = boots_[index];
  const Trace& mine = traces_[index];
  Boot* before = mine.has_before ? &boots_[mine.before] : nullptr;
  const bool announced = mine.expected || (before && traces_[mine.before].restart_seen);
  const auto set = [&](BootReason reason, std::string why, const char* ended_by) {
    boot.reason = reason;
    boot.why = std::move(why);
    if (before && ended_by) before->ended_by = ended_by;
  };
  if (mine.origin == Origin::power)
    set(BootReason::power_on, "the power was switched on", nullptr);
  else if (mine.origin == Origin::button)
    set(BootReason::reset, "the reset button was pressed", "reset button");
  else if (mine.origin == Origin::watchdog)
    set(BootReason::watchdog, "a watchdog reset the machine", "watchdog");
  else if (before && before->panicked)
    set(BootReason::panic, fmt::format("boot {} ended in a kernel panic", before->number), "panic");
  else if (announced)
    set(BootReason::reboot, mine.expected ? "a restart was asked for" : "the OS restarted itself",
        "reboot");
  else
    set(BootReason::unexpected, unexpected_because(mine.origin), "unexpected");
  explain_rollback(boot, mine);
}

std::string BootStory::unexpected_because(Origin origin) {
  switch (origin) {
    case Origin::guest_reset: return "the machine was reset, and nobody had announced it";
    case Origin::boot_id: return "another boot id answered, and nothing was seen of a restart";
    default: return "the loader or kernel started again, and nobody had announced it";
  }
}

void BootStory::explain_rollback(Boot& boot, const Trace& mine) {
  if (boot.upgrade_available.value_or(false) && attempt_limit_ >= 0 &&
      boot.bootcount.value_or(-1) > attempt_limit_) {
    boot.reason = BootReason::rollback;
    boot.why =
        fmt::format("the loader gave up the root on trial after {} attempt(s) and booted slot {}",
                    attempt_limit_, boot.slot);
    return;
  }
  // The last boot whose slot is known, on the way back.
  for (Trace at = mine; at.has_before; at = traces_[at.before]) {
    const Boot& before = boots_[at.before];
    if (before.slot.empty()) continue;
    if (before.slot == boot.slot || boot.slot.empty()) return;
    if (!before.upgrade_available.value_or(false)) return;
    boot.reason = BootReason::rollback;
    boot.why = fmt::format("slot {} was on trial in boot {}, and slot {} runs again", before.slot,
                           before.number, boot.slot);
    return;
  }
}

}  // namespace seatrial::dut
