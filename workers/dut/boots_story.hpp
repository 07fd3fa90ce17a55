// SPDX-License-Identifier: Apache-2.0
#pragma once
// Part of BootTracker (workers/dut/boots.hpp): the boots so far, and what each thing that is seen
// makes of them. Pure state; whoever wants to know of changes is told through a function.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "workers/dut/boots.hpp"
#include "workers/dut/boots_lines.hpp"

namespace seatrial::dut {

class BootStory {
 public:
  /// `attempt_limit`: as in BootRules. `changed` gets a copy of the boot that changed.
  BootStory(int attempt_limit, std::function<void(const Boot&)> changed)
      : attempt_limit_(attempt_limit), changed_(std::move(changed)) {}

  // What happens, as in BootTracker.
  void console_line(Duration at, std::string_view line, const LineMeaning& meaning,
                    std::uint64_t offset);
  void powered_on(Duration at);
  void powered_off(Duration at, std::string how);
  void reset(Duration at, bool by_guest, bool watchdog);
  void expect_restart() { expected_ = true; }
  void restored(Duration at, unsigned number);
  void shell(Duration asked_at, Duration at, const ShellFacts& facts);

  bool any() const { return !boots_.empty(); }
  const Boot& current() const { return boots_[now_]; }  ///< when there is any
  const std::vector<Boot>& all() const { return boots_; }

 private:
  /// What made us believe that a boot began.
  enum class Origin { power, button, guest_reset, watchdog, line, boot_id };

  /// What a boot left behind, for the reason of the next one.
  struct Trace {
    Origin origin = Origin::power;
    std::size_t before = 0;  ///< index of the boot that ran before, when has_before
    bool has_before = false;
    bool restart_seen = false;  ///< the OS said that it restarts, or was asked to
    bool expected = false;
  };

  Boot& current() { return boots_[now_]; }
  Trace& trace() { return traces_[now_]; }
  bool only_begun() const;
  void begin(Duration at, Origin origin, std::uint64_t offset);
  void end_current(Duration at);
  void tell(std::size_t index);

  // workers/dut/boots_reason.cpp
  void explain(std::size_t index);
  static std::string unexpected_because(Origin origin);
  void explain_rollback(Boot& boot, const Trace& mine);

  void on_last_words(Duration at, bool panicked, bool restarts);
  void on_halt(Duration at);
  void goes_on();
  void on_loader(Duration at, std::string_view line, const LoaderWords& words,
                 std::uint64_t offset);
  void on_kernel(Duration at, std::uint64_t offset);
  void on_login(Duration at);
  void answered(Duration at, const ShellFacts& facts);
  void late(Duration asked_at, Duration at, const ShellFacts& facts);
  void stale(Duration asked_at, const ShellFacts& facts);
  void contradiction(Duration at, const ShellFacts& facts, std::size_t known);

  int attempt_limit_;
  std::function<void(const Boot&)> changed_;
  std::vector<Boot> boots_;
  std::vector<Trace> traces_;  ///< one for each boot
  std::size_t now_ = 0;        ///< index of the current boot
  bool expected_ = false;
  bool off_ = false;  ///< known to be powered off
};

}  // namespace seatrial::dut
