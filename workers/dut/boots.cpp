// SPDX-License-Identifier: Apache-2.0
#include "workers/dut/boots.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>

#include "core/base/log.hpp"

namespace seatrial::dut {
namespace {

/// What made us believe that a boot began.
enum class Origin { power, button, guest_reset, watchdog, line, boot_id };

/// One pattern; an empty one never matches.
class Pattern {
 public:
  explicit Pattern(const std::string& text) {
    if (text.empty()) return;
    RE2::Options options;
    options.set_log_errors(false);
    regex_ = std::make_unique<RE2>(text, options);
  }
  bool ok() const { return !regex_ || regex_->ok(); }
  std::string error() const { return regex_ ? regex_->error() : std::string(); }
  bool matches(std::string_view line) const {
    return regex_ && RE2::PartialMatch(view(line), *regex_);
  }

  /// The named groups of the first match; nullopt: no match.
  std::optional<std::map<std::string, std::string>> groups(std::string_view line) const {
    if (!regex_) return std::nullopt;
    std::vector<re2::StringPiece> parts(
        static_cast<std::size_t>(regex_->NumberOfCapturingGroups()) + 1);
    if (!regex_->Match(view(line), 0, line.size(), RE2::UNANCHORED, parts.data(),
                       static_cast<int>(parts.size())))
      return std::nullopt;
    std::map<std::string, std::string> result;
    for (const auto& [index, name] : regex_->CapturingGroupNames())
      result[name] = std::string(parts[static_cast<std::size_t>(index)]);
    return result;
  }

 private:
  static re2::StringPiece view(std::string_view text) { return {text.data(), text.size()}; }
  std::unique_ptr<RE2> regex_;
};

std::optional<int> number_of(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// What a boot left behind, for the reason of the next one.
struct Trace {
  Origin origin = Origin::power;
  std::size_t before = 0;  ///< index of the boot that ran before, when has_before
  bool has_before = false;
  bool restart_seen = false;  ///< the OS said that it restarts, or was asked to
  bool expected = false;
};

}  // namespace

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

bool Boot::reached(BootStage stage) const {
  const bool shell = shell_at.has_value(), login = shell || login_at, kernel = login || kernel_at;
  switch (stage) {
    case BootStage::started: return number > 0;
    case BootStage::loader: return kernel || loader_at;
    case BootStage::kernel: return kernel;
    case BootStage::login: return login;
    case BootStage::shell: return shell;
  }
  return false;
}

BootRules boot_rules(const model::DeviceType& device) {
  BootRules rules;
  rules.loader = device.boot_loader.line;
  rules.attempt_limit = device.boot_loader.attempt_limit;
  if (!device.console.login_prompt.empty()) rules.login = device.console.login_prompt;
  return rules;
}

struct BootTracker::State {
  State(boost::asio::any_io_executor executor, BootRules rules)
      : rules(std::move(rules)),
        loader(this->rules.loader),
        kernel(this->rules.kernel),
        login(this->rules.login),
        panic(this->rules.panic),
        restart(this->rules.restart),
        halt(this->rules.halt),
        changed(executor) {}

  bool any() const { return !boots.empty(); }
  Boot& current() { return boots[now]; }
  Trace& trace() { return traces[now]; }

  /// A boot of which nothing but its beginning is known: lines of the old one may still come in,
  /// because the console and the power events arrive by different ways.
  bool only_begun() const {
    const Boot& boot = boots[now];
    return !boot.loader_at && !boot.kernel_at && !boot.login_at && !boot.shell_at;
  }

  void begin(Duration at, Origin origin, std::uint64_t offset) {
    Trace trace{.origin = origin, .before = now, .has_before = any(), .expected = expected};
    if (any()) end_current(at);
    Boot boot;
    boot.number = static_cast<unsigned>(boots.size()) + 1;
    boot.started_at = at;
    boot.console_offset = offset;
    boots.push_back(std::move(boot));
    traces.push_back(trace);
    now = boots.size() - 1;
    expected = false;
    explain(now);
  }

  void end_current(Duration at) {
    if (!current().ended()) current().ended_at = at;
  }

  /// Works out the reason of a boot, and how the one before it ended, from what is known now.
  /// Called again when more becomes known.
  void explain(std::size_t index) {
    Boot& boot = boots[index];
    const Trace& mine = traces[index];
    Boot* before = mine.has_before ? &boots[mine.before] : nullptr;
    const bool announced = mine.expected || (before && traces[mine.before].restart_seen);
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
      set(BootReason::panic, fmt::format("boot {} ended in a kernel panic", before->number),
          "panic");
    else if (announced)
      set(BootReason::reboot, mine.expected ? "a restart was asked for" : "the OS restarted itself",
          "reboot");
    else
      set(BootReason::unexpected, unexpected_because(mine.origin), "unexpected");
    explain_rollback(boot, mine);
  }

  static std::string unexpected_because(Origin origin) {
    switch (origin) {
      case Origin::guest_reset: return "the machine was reset, and nobody had announced it";
      case Origin::boot_id: return "another boot id answered, and nothing was seen of a restart";
      default: return "the loader or kernel started again, and nobody had announced it";
    }
  }

  void explain_rollback(Boot& boot, const Trace& mine) {
    if (boot.upgrade_available.value_or(false) && rules.attempt_limit >= 0 &&
        boot.bootcount.value_or(-1) > rules.attempt_limit) {
      boot.reason = BootReason::rollback;
      boot.why =
          fmt::format("the loader gave up the root on trial after {} attempt(s) and booted slot {}",
                      rules.attempt_limit, boot.slot);
      return;
    }
    // The last boot whose slot is known, on the way back.
    for (Trace at = mine; at.has_before; at = traces[at.before]) {
      const Boot& before = boots[at.before];
      if (before.slot.empty()) continue;
      if (before.slot == boot.slot || boot.slot.empty()) return;
      if (!before.upgrade_available.value_or(false)) return;
      boot.reason = BootReason::rollback;
      boot.why = fmt::format("slot {} was on trial in boot {}, and slot {} runs again", before.slot,
                             before.number, boot.slot);
      return;
    }
  }

  void tell(std::size_t index) {
    const Boot copy = boots[index];
    if (sink) sink(copy);
    changed.notify();
  }

  // --- console
  void on_last_words(Duration at, bool panicked, bool restarts) {
    if (!any()) return;
    std::size_t index = now;
    // Said by the boot before, when this one has only just begun and nothing was heard of it yet.
    const bool fresh = at - current().started_at < std::chrono::seconds(2);
    if (fresh && only_begun() && trace().has_before) index = trace().before;
    if (panicked) boots[index].panicked = true;
    if (restarts) traces[index].restart_seen = true;
    if (index != now) explain(now);
    tell(index);
    if (index != now) tell(now);
  }

  void on_loader(Duration at, std::string_view line,
                 const std::map<std::string, std::string>& groups, std::uint64_t offset) {
    if (!any() || (!off && (current().ended() || !only_begun()))) begin(at, Origin::line, offset);
    Boot& boot = current();
    if (boot.loader_at) return;  // the power is off: what is still read was said before
    boot.loader_at = at;
    boot.loader_line = std::string(line);
    const auto take = [&](const char* name) {
      const auto found = groups.find(name);
      return found == groups.end() ? std::string() : found->second;
    };
    boot.slot = take("slot");
    boot.part = take("part");
    boot.bootcount = number_of(take("bootcount"));
    const auto upgrade =
        number_of(take("upgrade").empty() ? take("upgrade_available") : take("upgrade"));
    if (upgrade) boot.upgrade_available = *upgrade != 0;
    explain(now);
    tell(now);
  }

  void on_kernel(Duration at, std::uint64_t offset) {
    const bool first = any() && !current().kernel_at && !current().login_at && !current().shell_at;
    if (!off && !(first && !current().ended())) begin(at, Origin::line, offset);
    if (current().kernel_at) return;
    current().kernel_at = at;
    tell(now);
  }

  void on_login(Duration at) {
    if (!any() || current().ended() || current().login_at) return;
    current().login_at = at;
    tell(now);
  }

  // --- shell
  void on_shell(Duration asked_at, Duration at, const ShellFacts& facts) {
    if (facts.boot_id.empty()) return;
    if (!any()) return late(asked_at, at, facts);
    if (asked_at < current().started_at) return stale(asked_at, facts);
    if (current().boot_id == facts.boot_id) return answered(at, facts);
    const auto known = std::find_if(boots.begin(), boots.end(), [&](const Boot& boot) {
      return boot.boot_id == facts.boot_id;
    });
    if (known != boots.end())
      return contradiction(at, facts, static_cast<std::size_t>(known - boots.begin()));
    if (!current().boot_id.empty() || current().ended()) return late(asked_at, at, facts);
    answered(at, facts);
  }

  void answered(Duration at, const ShellFacts& facts) {
    Boot& boot = current();
    boot.boot_id = facts.boot_id;
    if (!facts.os_version.empty()) boot.os_version = facts.os_version;
    if (boot.slot.empty() && !facts.slot.empty()) {
      boot.slot = facts.slot;
      explain(now);
    }
    if (!boot.shell_at) boot.shell_at = at;
    tell(now);
  }

  void late(Duration asked_at, Duration at, const ShellFacts& facts) {
    begin(asked_at, Origin::boot_id, 0);
    current().seen_late = true;
    answered(at, facts);
  }

  /// Asked before this boot began: it can only tell about the one that ran then.
  void stale(Duration asked_at, const ShellFacts& facts) {
    for (auto& boot : boots)
      if (boot.boot_id.empty() && boot.started_at <= asked_at && boot.ended_at &&
          *boot.ended_at >= asked_at) {
        boot.boot_id = facts.boot_id;
        if (!facts.os_version.empty()) boot.os_version = facts.os_version;
        return tell(boot.number - 1);
      }
  }

  /// The boot id of an older boot: no boot happened since. A boot that was believed because of a
  /// console line alone (somebody printed an old log) is taken back.
  void contradiction(Duration at, const ShellFacts& facts, std::size_t known) {
    const bool believed = now == boots.size() - 1 && trace().origin == Origin::line &&
                          trace().has_before && trace().before == known &&
                          current().boot_id.empty();
    if (!believed) {
      log::warn("boot id {} of boot {} answered in boot {}: ignored", facts.boot_id,
                boots[known].number, current().number);
      return;
    }
    log::info("boot {} did not happen: boot {} still answers with its boot id", current().number,
              boots[known].number);
    boots.pop_back();
    traces.pop_back();
    now = known;
    current().ended_at.reset();
    current().ended_by.clear();
    answered(at, facts);
  }

  BootRules rules;
  Pattern loader, kernel, login, panic, restart, halt;
  Notifier changed;
  std::vector<Boot> boots;
  std::vector<Trace> traces;  ///< one for each boot
  std::size_t now = 0;        ///< index of the current boot
  bool expected = false;
  bool off = false;  ///< known to be powered off
  std::function<void(const Boot&)> sink;
  Boot none;
};

BootTracker::BootTracker(std::unique_ptr<State> state) : state_(std::move(state)) {}
BootTracker::~BootTracker() = default;

Result<std::unique_ptr<BootTracker>> BootTracker::make(boost::asio::any_io_executor executor,
                                                       BootRules rules) {
  auto state = std::make_unique<State>(executor, std::move(rules));
  const std::pair<const char*, const Pattern*> patterns[] = {
      {"loader", &state->loader}, {"kernel", &state->kernel},   {"login", &state->login},
      {"panic", &state->panic},   {"restart", &state->restart}, {"halt", &state->halt}};
  for (const auto& [name, pattern] : patterns)
    if (!pattern->ok())
      return Failure(
          "boots.rules", Blame::bench,
          fmt::format("the {} pattern of the device type is not RE2: {}", name, pattern->error()),
          "correct it in the device's device.json");
  return std::unique_ptr<BootTracker>(new BootTracker(std::move(state)));
}

void BootTracker::console_line(Duration at, std::string_view line, std::uint64_t offset) {
  State& state = *state_;
  if (state.off && !state.any()) return;
  if (const auto groups = state.loader.groups(line))
    state.on_loader(at, line, *groups, offset);
  else if (state.kernel.matches(line))
    state.on_kernel(at, offset);
  else if (state.panic.matches(line))
    state.on_last_words(at, true, false);
  else if (state.restart.matches(line))
    state.on_last_words(at, false, true);
  else if (state.login.matches(line))
    state.on_login(at);
}

void BootTracker::powered_on(Duration at) {
  state_->off = false;
  state_->begin(at, Origin::power, 0);
  state_->tell(state_->now);
}

void BootTracker::powered_off(Duration at, std::string how) {
  state_->off = true;
  if (!state_->any() || state_->current().ended()) return;
  state_->current().ended_at = at;
  state_->current().ended_by = std::move(how);
  state_->expected = false;
  state_->tell(state_->now);
}

void BootTracker::reset(Duration at, bool by_guest, bool watchdog) {
  // A machine may be reset more than once before its loader speaks (QEMU tells three times of one
  // reboot of a PC): that is still the same boot.
  const Boot& running = current();
  if (running.number != 0 && !running.ended() && !running.panicked &&
      !running.reached(BootStage::loader))
    return;
  state_->begin(at,
                watchdog   ? Origin::watchdog
                : by_guest ? Origin::guest_reset
                           : Origin::button,
                0);
  if (state_->trace().has_before) state_->tell(state_->trace().before);
  state_->tell(state_->now);
}

void BootTracker::expect_restart(Duration) { state_->expected = true; }

void BootTracker::restored(Duration at, unsigned number) {
  State& state = *state_;
  state.off = false;
  if (!state.any()) state.begin(at, Origin::power, 0);
  if (number > 0 && number <= state.boots.size() && number - 1 != state.now) {
    state.end_current(at);
    if (state.current().ended_by.empty()) state.current().ended_by = "a snapshot was loaded";
    state.now = number - 1;
  }
  Boot& boot = state.current();
  boot.restored = true;
  boot.ended_at.reset();
  boot.ended_by.clear();
  boot.panicked = false;
  state.trace().restart_seen = false;
  state.expected = false;
  if (number == 0) boot.why = "a saved state was loaded in place of a boot";
  state.tell(state.now);
}

void BootTracker::shell(Duration asked_at, Duration at, ShellFacts facts) {
  state_->on_shell(asked_at, at, facts);
}

const Boot& BootTracker::current() const {
  return state_->any() ? state_->current() : state_->none;
}
const std::vector<Boot>& BootTracker::history() const { return state_->boots; }
void BootTracker::on_change(std::function<void(const Boot&)> sink) {
  state_->sink = std::move(sink);
}

namespace {

const Boot* find_next(const std::vector<Boot>& boots, unsigned after, BootStage stage) {
  for (const auto& boot : boots)
    if (boot.number > after && (boot.reached(stage) || boot.ended())) return &boot;
  return nullptr;
}

std::string how_far(const std::vector<Boot>& boots, unsigned after) {
  if (boots.empty() || boots.back().number <= after)
    return after ? fmt::format("no boot began after boot {}", after) : "no boot began";
  const Boot& boot = boots.back();
  return fmt::format("boot {} began and came to {}", boot.number,
                     boot.reached(BootStage::login)    ? "the login"
                     : boot.reached(BootStage::kernel) ? "the kernel"
                     : boot.loader_at                  ? "the loader"
                                                       : "nothing on the console");
}

}  // namespace

Task<Result<Boot>> BootTracker::next(unsigned after, BootStage stage, Budget budget) {
  State* const state = state_.get();
  const Budget asked = budget;
  auto waited = co_await within(std::move(budget), state->changed.until([state, after, stage] {
    return find_next(state->boots, after, stage) != nullptr;
  }));
  if (waited) co_return *find_next(state->boots, after, stage);
  if (waited.error().blame() == Blame::cancelled) co_return waited.error();
  co_return Failure(asked.code, asked.blame,
                    waited.error().what() + ": " + how_far(state->boots, after), asked.advice);
}

}  // namespace seatrial::dut
