// SPDX-License-Identifier: Apache-2.0
#pragma once
// The event: one line of events.jsonl, the append-only record of a run, written by the bench host
// alone. Reports are functions of it. Schema version 1; readers ignore kinds and fields they do not
// know.
//
//   {"v":1,"seq":12,"mono":1.204,"wall":"2026-03-01T12:00:00.123Z","run":"...","attempt":1,"case":"smoke.x",
//    "kind":"step_finished","data":{...}}
//
// kind           data
// run_started    schema, argv, versions{seatrial,qemu,...}, image{name,version,digest,path},
//                device{slug,digest}, profile{name,digest}, bench{name,digest,accelerator,...},
//                suites[{name,digest,path}], cases["smoke.x",...], mutant?, budget_scale
// run_finished   verdicts{pass:n,...}, seconds, interrupted(bool), failure?
// case_started   checkpoint, budget_seconds, doc, suite_digest
// case_finished  verdict, seconds, setup_seconds, failure?, reason? (skip, not_run)
// step_started   step(id), parent?, name ("shell.run"), text ("run: systemctl is-active ..."),
//                budget_seconds?
// step_finished  step, ok(bool), seconds, failure?, result? (short text)
// assertion      ok(false mostly), text, file, line
// measurement    name, value, unit, limit{at_most|at_least}?, ok
// console_mark   offset, text ("power on", "case smoke.x begins")
// sentinel       id, severity, line, offset, allowed(bool)
// boot           number, boot_id, slot, reason, seconds_to_login?, ...
// power          action, state
// artifact       name, path (relative to the run folder), media_type, bytes, digest?
// held           desk (its folder; "": not at a desk), case (the red one; "": started for people);
//                the bench stays with the DUT on it until it is released
// note           text, level(info|warn)
// log            source, text
// progress       text, done, total   (building, flashing; for a person watching)

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace seatrial::model {

inline constexpr int kEventSchema = 1;

struct Event {
  std::uint64_t seq = 0;
  double mono = 0;   ///< seconds since the run began, never steps back
  std::string wall;  ///< ISO 8601, UTC
  std::string run;
  int attempt = 0;        ///< 0: not of an attempt
  std::string case_name;  ///< "" : not of a case
  std::string kind;
  std::shared_ptr<const nlohmann::json> data;  ///< never null; an object

  const nlohmann::json& operator*() const { return *data; }
  /// data[key] as text, number or truth; the fallback when absent or of another type.
  std::string text(std::string_view key, std::string fallback = {}) const;
  double number(std::string_view key, double fallback = 0) const;
  bool truth(std::string_view key, bool fallback = false) const;
  std::optional<Failure> failure() const;
};

/// One line, with its newline. Bytes that are not UTF-8 are replaced.
std::string to_line(const Event& event);
/// nullopt for a line that is not an event (torn, foreign).
std::optional<Event> event_from_line(std::string_view line);

/// What a reader of a log must know beside its events.
struct EventLogState {
  std::size_t events = 0;
  bool torn = false;             ///< the last line was cut short
  std::vector<std::size_t> bad;  ///< numbers (from 1) of other lines that could not be read
};
/// Reads one event at a time: the log of a large run is never in memory.
Result<EventLogState> for_each_event(const std::filesystem::path& events_jsonl,
                                     const std::function<void(Event)>& visit);

struct EventLogContent {
  std::vector<Event> events;
  bool torn = false;             ///< the last line was cut short
  std::vector<std::size_t> bad;  ///< numbers (from 1) of other lines that could not be read
};
Result<EventLogContent> read_event_log(const std::filesystem::path& events_jsonl);

}  // namespace seatrial::model
