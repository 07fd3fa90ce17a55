// SPDX-License-Identifier: Apache-2.0
#pragma once
// RunRecord: the event log of one run, folded into what a person or a CI system asks about. Plain
// values; every report format is a function of it (and of the run folder, for console excerpts).
// Times are seconds since the run began (`at`) or spans (`seconds`). All text may come from the
// device under test and is untrusted: writers escape it. Lists are capped (kMost...); what was left
// out is counted, never silent.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/model/verdict.hpp"

namespace seatrial::reports {

inline constexpr std::size_t kMostSteps = 2000;  ///< per attempt; steps that failed are kept beyond
inline constexpr std::size_t kMostItems = 500;   ///< of each other kind per attempt

struct Step {
  std::string id, parent;  ///< parent: "" at the top
  int depth = 0;
  std::string name;    ///< "shell.run"
  std::string text;    ///< "run: systemctl is-active balena"
  std::string result;  ///< short text, may be empty
  double at = 0;
  double seconds = 0;
  double budget_seconds = 0;  ///< 0: none
  bool ok = false;
  bool finished = false;  ///< false: the log ends (or the case ended) inside this step
  std::optional<Failure> failure;
};

struct Assertion {
  bool ok = false;
  std::string text, file;
  int line = 0;
  double at = 0;
};

struct Measurement {
  enum class Limit { none, at_most, at_least };
  std::string name, unit;
  double value = 0;
  Limit limit_kind = Limit::none;
  double limit = 0;
  bool ok = true;
  double at = 0;
};

struct ConsoleMark {
  std::uint64_t offset = 0;
  std::string text;
  double at = 0;
};

struct Sentinel {
  std::string id, severity, line;
  std::uint64_t offset = 0;
  bool allowed = false;
  double at = 0;
};

struct Boot {
  std::string number, boot_id, slot, reason, why, os_version, ended_by;
  bool panicked = false;
  std::uint64_t console_offset = 0;
  std::optional<double> seconds_to_login, seconds_to_shell;
  double at = 0;
};

struct PowerAction {
  std::string action, state;
  double at = 0;
};

struct Artifact {
  std::string name, path, media_type, digest;  ///< path relative to the run folder
  std::uint64_t bytes = 0;
};

struct Note {
  std::string level, source, text;
  double at = 0;
};

/// What happened inside an attempt, or outside of all of them (building, preparing the bench).
struct Happenings {
  std::vector<Step> steps;  ///< parents before their children, siblings by start
  std::vector<Assertion> assertions;
  std::vector<Measurement> measurements;
  std::vector<ConsoleMark> marks;
  std::vector<Sentinel> sentinels;
  std::vector<Boot> boots;
  std::vector<PowerAction> power;
  std::vector<Artifact> artifacts;
  std::vector<Note> notes;
  std::size_t left_out = 0;  ///< items dropped by the caps above
};

struct Attempt : Happenings {
  int number = 1;
  model::Verdict verdict = model::Verdict::not_run;
  bool cut_short = false;          ///< began and never ended in the log
  std::optional<Failure> failure;  ///< of the case, else made from the first failed expectation
  std::string reason;              ///< of skip and not_run
  std::string checkpoint, suite_digest;
  bool started = false;
  double at = 0;
  double seconds = 0, setup_seconds = 0, budget_seconds = 0;
};

struct Case {
  std::string suite, name, doc;   ///< "smoke", "boots_to_login"
  std::vector<Attempt> attempts;  ///< never empty
  model::Verdict verdict = model::Verdict::not_run;

  std::string full_name() const { return suite.empty() ? name : suite + "." + name; }
  std::size_t passed_attempts() const;
  double seconds() const;
  /// The attempt to show first: the last one that made the verdict of the case; of a flaky case the
  /// last red one, else the last that is not green.
  const Attempt& telling() const;
};

struct Suite {
  std::string name, digest, path;
  std::vector<std::size_t> cases;  ///< indices into RunRecord::cases
  model::Tally tally;
  double seconds = 0;
};

/// One line of the facts of a run: "image", "digest", "sha256:..".
struct Fact {
  std::string group, name, value;
};

struct RunRecord {
  std::string id;
  std::string started_wall, ended_wall;  ///< ISO 8601, UTC
  std::optional<Duration> zero;          ///< wall time of second 0, when the log gives it
  std::vector<std::string> argv;
  std::string mutant, device, image_name, image_version;
  std::vector<Fact> facts;  ///< versions, image, device, profile, bench, other
  std::vector<Suite> suites;
  std::vector<Case> cases;  ///< in the chosen order; cases nobody chose follow
  Happenings outside;       ///< what happened outside of any case
  model::Tally tally;
  double seconds = 0;
  bool started = false;   ///< run_started was read
  bool finished = false;  ///< run_finished was read; false: killed, or still going
  bool interrupted = false;
  std::optional<Failure> failure;     ///< of the run as a whole
  std::vector<std::string> warnings;  ///< about the log itself: torn, foreign lines, contradictions

  std::string fact(const std::string& group, const std::string& name) const;
  model::ExitCode exit_code() const;
};

/// Reads `run_folder`/events.jsonl. Fails only when there is no readable event at all.
Result<RunRecord> read_run_record(const std::filesystem::path& run_folder);

}  // namespace seatrial::reports
