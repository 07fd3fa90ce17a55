// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sentinels: watch the console for the whole run (not only while booting) and turn what the rules
// (sentinel_rules.hpp) recognise into alarms: facts that a case may have allowed or that fail it
// with the line. Owned by the bench beside its Matcher, which must outlive it; one io_context
// thread.
//
// An unexpected reset is a firmware, loader or kernel banner that the present start has already
// passed, unless the owner announced it (power action, reboot asked for) or the system said that it
// restarts. A flood is bounded: of each id the first `most_per_id` in a scope are alarms, the rest
// is counted.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "workers/console/matcher.hpp"
#include "workers/console/sentinel_rules.hpp"

namespace seatrial::console {

struct Alarm {
  std::string id;
  Severity severity = Severity::suspicious;
  std::string line;          ///< plain text, cut at 4 KiB
  std::uint64_t offset = 0;  ///< of the line, in the capture
  Duration at{};
  bool allowed = false;  ///< somebody holds an allowance for it
};

class Sentinels {
 public:
  using OnAlarm = std::function<void(const Alarm&)>;
  static constexpr std::size_t most_kept = 1000;
  static constexpr std::size_t most_per_id = 50;

  /// Armed from now on. `first_lines`: further banners of this device's loader, as RE2 (device
  /// type).
  static Result<std::unique_ptr<Sentinels>> arm(Matcher& matcher,
                                                std::vector<std::string> first_lines = {});

  /// Alarms from now on, in order.
  [[nodiscard]] Subscription on_alarm(OnAlarm on_alarm);
  /// Alarms with one of these ids (or below it: "fs" allows "fs.ext4") are allowed while the
  /// subscription lives. An unknown id is a Failure "console.unknown_sentinel", blame suite.
  Result<Subscription> allow(std::vector<std::string> ids);
  /// The next start is wanted: power was switched, a reboot was asked for, a snapshot loaded.
  void announce_reset();
  /// A case begins: every id may raise `most_per_id` alarms again.
  void begin_scope();

  /// The last `most_kept` alarms at or after an offset.
  std::vector<Alarm> alarms(std::uint64_t since = 0) const;
  /// How many were counted and not raised since begin_scope(), by id.
  const std::map<std::string, std::uint64_t>& suppressed() const { return suppressed_; }

 private:
  Sentinels() = default;
  void hit(const Match& match);
  void banner(std::size_t index, const Match& match);
  void raise(std::string_view id, Severity severity, const Match& match);
  bool allowed(std::string_view id);

  std::vector<BannerRule> banners_;  // patterns live in first_lines_ and in the table
  std::vector<std::string> first_lines_;
  Subscription watching_;
  struct Listener {
    std::weak_ptr<void> owner;
    OnAlarm on_alarm;
  };
  std::vector<std::shared_ptr<Listener>> listeners_;
  struct Allowance {
    std::weak_ptr<void> owner;
    std::vector<std::string> ids;
  };
  std::vector<Allowance> allowances_;
  std::deque<Alarm> alarms_;
  std::map<std::string, std::uint64_t> raised_, suppressed_;
  BootStage stage_ = BootStage::none;
  std::set<std::size_t> banners_seen_;
};

}  // namespace seatrial::console
