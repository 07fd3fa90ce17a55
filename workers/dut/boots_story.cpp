// SPDX-License-Identifier: Apache-2.0
#include "workers/dut/boots_story.hpp"

#include <algorithm>

#include "core/base/log.hpp"

namespace seatrial::dut {

/// A boot of which nothing but its beginning is known: lines of the old one may still come in,
/// because the console and the power events arrive by different ways.
bool BootStory::only_begun() const {
  const Boot& boot = boots_[now_];
  return !boot.loader_at && !boot.kernel_at && !boot.login_at && !boot.shell_at;
}

void BootStory::begin(Duration at, Origin origin, std::uint64_t offset) {
  Trace trace{.origin = origin, .before = now_, .has_before = any(), .expected = expected_};
  if (any()) end_current(at);
  Boot boot;
  boot.number = static_cast<unsigned>(boots_.size()) + 1;
  boot.started_at = at;
  boot.console_offset = offset;
  boots_.push_back(std::move(boot));
  traces_.push_back(trace);
  now_ = boots_.size() - 1;
  expected_ = false;
  explain(now_);
}

void BootStory::end_current(Duration at) {
  if (!current().ended()) current().ended_at = at;
}

void BootStory::tell(std::size_t index) {
  const Boot copy = boots_[index];
  changed_(copy);
}

void BootStory::console_line(Duration at, std::string_view line, const LineMeaning& meaning,
                             std::uint64_t offset) {
  if (off_ && !any()) return;
  using What = LineMeaning::What;
  switch (meaning.what) {
    case What::nothing: return;
    case What::loader: return on_loader(at, line, meaning.loader, offset);
    case What::kernel: return on_kernel(at, offset);
    case What::panic: return on_last_words(at, true, false);
    case What::restart: return on_last_words(at, false, true);
    case What::halt: return on_halt(at);
    case What::login: return on_login(at);
  }
}

void BootStory::on_last_words(Duration at, bool panicked, bool restarts) {
  if (!any()) return;
  std::size_t index = now_;
  // Said by the boot before, when this one has only just begun and nothing was heard of it yet.
  const bool fresh = at - current().started_at < std::chrono::seconds(2);
  if (fresh && only_begun() && trace().has_before) index = trace().before;
  if (panicked) boots_[index].panicked = true;
  if (restarts) traces_[index].restart_seen = true;
  if (index != now_) explain(now_);
  tell(index);
  if (index != now_) tell(now_);
}

/// Where no instrument tells that the device has stopped, its last words are all there is.
void BootStory::on_halt(Duration at) {
  const bool before = any() && at - current().started_at < std::chrono::seconds(2) &&
                      only_begun() && trace().has_before;
  if (!any() || before || current().ended()) return;
  current().ended_at = at;
  current().ended_by = "the OS stopped the device";
  expected_ = false;
  tell(now_);
}

void BootStory::on_loader(Duration at, std::string_view line, const LoaderWords& words,
                          std::uint64_t offset) {
  if (!any() || (!off_ && (current().ended() || !only_begun()))) begin(at, Origin::line, offset);
  Boot& boot = current();
  if (boot.loader_at) return;  // the power is off: what is still read was said before
  boot.loader_at = at;
  boot.loader_line = std::string(line);
  boot.slot = words.slot;
  boot.part = words.part;
  boot.bootcount = words.bootcount;
  boot.upgrade_available = words.upgrade_available;
  explain(now_);
  tell(now_);
}

void BootStory::on_kernel(Duration at, std::uint64_t offset) {
  const bool first = any() && !current().kernel_at && !current().login_at && !current().shell_at;
  if (!off_ && !(first && !current().ended())) begin(at, Origin::line, offset);
  if (current().kernel_at) return;
  current().kernel_at = at;
  tell(now_);
}

void BootStory::on_login(Duration at) {
  if (!any() || current().ended() || current().login_at) return;
  current().login_at = at;
  tell(now_);
}

void BootStory::powered_on(Duration at) {
  off_ = false;
  begin(at, Origin::power, 0);
  tell(now_);
}

void BootStory::powered_off(Duration at, std::string how) {
  off_ = true;
  if (!any() || current().ended()) return;
  current().ended_at = at;
  current().ended_by = std::move(how);
  expected_ = false;
  tell(now_);
}

void BootStory::reset(Duration at, bool by_guest, bool watchdog) {
  // A machine may be reset more than once before its loader speaks (QEMU tells three times of one
  // reboot of a PC): that is still the same boot.
  const bool early =
      any() && !current().ended() && !current().panicked && !current().reached(BootStage::loader);
  if (early) return;
  begin(at, watchdog ? Origin::watchdog : by_guest ? Origin::guest_reset : Origin::button, 0);
  if (trace().has_before) tell(trace().before);
  tell(now_);
}

void BootStory::restored(Duration at, unsigned number) {
  off_ = false;
  if (!any()) begin(at, Origin::power, 0);
  if (number > 0 && number <= boots_.size() && number - 1 != now_) {
    end_current(at);
    if (current().ended_by.empty()) current().ended_by = "a snapshot was loaded";
    now_ = number - 1;
  }
  Boot& boot = current();
  boot.restored = true;
  boot.ended_at.reset();
  boot.ended_by.clear();
  boot.panicked = false;
  trace().restart_seen = false;
  expected_ = false;
  if (number == 0) boot.why = "a saved state was loaded in place of a boot";
  tell(now_);
}

void BootStory::shell(Duration asked_at, Duration at, const ShellFacts& facts) {
  if (facts.boot_id.empty()) return;
  if (!any()) return late(asked_at, at, facts);
  if (asked_at < current().started_at) return stale(asked_at, facts);
  if (current().boot_id == facts.boot_id && current().ended_at && *current().ended_at < asked_at)
    goes_on();
  if (current().boot_id == facts.boot_id) return answered(at, facts);
  const auto known = std::find_if(boots_.begin(), boots_.end(),
                                  [&](const Boot& boot) { return boot.boot_id == facts.boot_id; });
  if (known != boots_.end())
    return contradiction(at, facts, static_cast<std::size_t>(known - boots_.begin()));
  if (!current().boot_id.empty() || current().ended()) return late(asked_at, at, facts);
  answered(at, facts);
}

/// Who answers has not stopped: somebody printed the words of an old log.
void BootStory::goes_on() {
  current().ended_at.reset();
  current().ended_by.clear();
}

void BootStory::answered(Duration at, const ShellFacts& facts) {
  Boot& boot = current();
  boot.boot_id = facts.boot_id;
  if (!facts.os_version.empty()) boot.os_version = facts.os_version;
  if (boot.slot.empty() && !facts.slot.empty()) {
    boot.slot = facts.slot;
    explain(now_);
  }
  if (!boot.shell_at) boot.shell_at = at;
  tell(now_);
}

void BootStory::late(Duration asked_at, Duration at, const ShellFacts& facts) {
  begin(asked_at, Origin::boot_id, 0);
  current().seen_late = true;
  answered(at, facts);
}

/// Asked before this boot began: it can only tell about the one that ran then.
void BootStory::stale(Duration asked_at, const ShellFacts& facts) {
  for (auto& boot : boots_)
    if (boot.boot_id.empty() && boot.started_at <= asked_at && boot.ended_at &&
        *boot.ended_at >= asked_at) {
      boot.boot_id = facts.boot_id;
      if (!facts.os_version.empty()) boot.os_version = facts.os_version;
      return tell(boot.number - 1);
    }
}

/// The boot id of an older boot: no boot happened since. A boot that was believed because of a
/// console line alone (somebody printed an old log) is taken back.
void BootStory::contradiction(Duration at, const ShellFacts& facts, std::size_t known) {
  const bool believed = now_ == boots_.size() - 1 && trace().origin == Origin::line &&
                        trace().has_before && trace().before == known && current().boot_id.empty();
  if (!believed) {
    log::warn("boot id {} of boot {} answered in boot {}: ignored", facts.boot_id,
              boots_[known].number, current().number);
    return;
  }
  log::info("boot {} did not happen: boot {} still answers with its boot id", current().number,
            boots_[known].number);
  boots_.pop_back();
  traces_.pop_back();
  now_ = known;
  current().ended_at.reset();
  current().ended_by.clear();
  answered(at, facts);
}

}  // namespace seatrial::dut
