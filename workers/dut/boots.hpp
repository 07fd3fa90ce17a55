// SPDX-License-Identifier: Apache-2.0
#pragma once
// BootTracker: turns console lines, power events and what a shell reads (boot id) into boots as
// facts: which number, which slot, why, how far it came, how it ended. Pure state, no I/O; fed and
// asked on one io_context thread. What a line means comes from device data (BootRules), so that any
// loader fits.
//
// A boot begins with power-on, a reset, a loader line or a kernel banner, whichever comes first;
// the later ones of the same boot join it. A boot id that was never seen is a boot, even when the
// console was silent; one that is known is a reconnect. A restored snapshot is not a boot.

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/notifier.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/base/within.hpp"
#include "core/model/device_type.hpp"

namespace seatrial::dut {

/// RE2 patterns; an empty one never matches. Named groups of `loader`: slot, part, bootcount,
/// upgrade (any may be missing).
struct BootRules {
  std::string loader;
  std::string kernel = R"(\bLinux version [0-9])";
  std::string login = R"(\blogin: *$)";
  std::string panic = R"(Kernel panic - not syncing)";
  std::string restart =
      R"(reboot: (Restarting system|machine restart)|systemd-shutdown.*: Rebooting)";
  std::string halt = R"(reboot: (Power down|System halted))";
  int attempt_limit =
      -1;  ///< failed boots of a root on trial before the loader falls back; -1: none
};
/// The rules of a device type, with the patterns above for what it does not say.
BootRules boot_rules(const model::DeviceType& device);

enum class BootReason { power_on, reboot, reset, rollback, panic, watchdog, unexpected };
std::string_view to_string(BootReason reason);

enum class BootStage { started, loader, kernel, login, shell };

struct Boot {
  unsigned number = 0;  ///< 1, 2, ... in this run; 0: none yet
  std::string boot_id;  ///< /proc/sys/kernel/random/boot_id; empty until a shell read it
  std::string slot;     ///< "A" or "B"; empty: not known
  std::string part;
  std::optional<int> bootcount;
  std::optional<bool> upgrade_available;
  BootReason reason = BootReason::unexpected;
  std::string why;  ///< one sentence with the evidence
  std::string loader_line;
  std::uint64_t console_offset = 0;  ///< of its first line, in the console log
  std::string os_version;
  Duration started_at{};  ///< monotonic, as the events were stamped
  std::optional<Duration> loader_at, kernel_at, login_at, shell_at, ended_at;
  std::string ended_by;  ///< "power off", "reset", "reboot", "panic", ...; empty while it runs
  bool panicked = false;
  bool restored = false;   ///< a snapshot was loaded into it
  bool seen_late = false;  ///< known from its boot id alone: no console line, no power event

  bool reached(BootStage stage) const;
  bool ended() const { return ended_at.has_value(); }
};

struct ShellFacts {
  std::string boot_id;
  std::string os_version;
  std::string slot;  ///< empty: not asked
};

class BootTracker {
 public:
  /// Fails with "boots.rules" on a pattern that is not RE2.
  static Result<std::unique_ptr<BootTracker>> make(boost::asio::any_io_executor executor,
                                                   BootRules rules);
  ~BootTracker();

  /// A line, or a prompt without its newline; a prompt may come twice. `offset`: in the console
  /// log.
  void console_line(Duration at, std::string_view line, std::uint64_t offset = 0);
  void powered_on(Duration at);
  void powered_off(Duration at, std::string how);
  /// `by_guest`: the OS asked for it (QEMU's RESET event tells).
  void reset(Duration at, bool by_guest, bool watchdog = false);
  /// We asked the OS to restart: the next boot is expected.
  void expect_restart(Duration at);
  /// A snapshot taken during boot `number` was loaded; 0: in an earlier run, into the power-on just
  /// seen.
  void restored(Duration at, unsigned number);
  /// `asked_at` is when the question was sent: an answer from before a boot never belongs to it.
  void shell(Duration asked_at, Duration at, ShellFacts facts);

  /// The boot that runs now, or the last one that did; number 0 before the first.
  const Boot& current() const;
  /// All of them, by number; a restored snapshot makes an old one current again.
  const std::vector<Boot>& history() const;
  /// Waits for a boot with a number above `after` that has reached `stage`, or that has ended
  /// before it could (look at ended_by). Fails with the budget's code and how far it came.
  Task<Result<Boot>> next(unsigned after, BootStage stage, Budget budget);
  /// Called at each change of a boot with the boot.
  void on_change(std::function<void(const Boot&)> sink);

 private:
  struct State;
  explicit BootTracker(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace seatrial::dut
