// SPDX-License-Identifier: Apache-2.0
#pragma once
// EventWriter: the only writer of a run's events.jsonl. One write(2) per event; sync() before
// anything is acknowledged. Everything passes through the redactor. A full disk breaks no record:
// space set aside at the start lets the end of the story be written, the first failed write is kept
// as broken() and told once, and the bench host ends the run with it. Owned by the bench host, one
// thread.

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/io/file.hpp"
#include "core/io/reserve.hpp"

namespace seatrial::bench {

class EventWriter {
 public:
  static Result<EventWriter> open(const std::filesystem::path& events_jsonl, std::string run,
                                  const Clock& clock = Clock::system());

  /// Events from here on belong to this case and attempt, until end_case().
  void begin_case(std::string full_name, int attempt);
  void end_case();

  /// Returns the event's sequence number.
  std::uint64_t write(std::string_view kind, const nlohmann::json& data);
  void sync();
  double now() const;  ///< seconds since the run began
  const std::optional<Failure>& broken() const { return broken_; }
  /// Called once, with the first failure to write.
  void on_broken(std::function<void(const Failure&)> tell) { tell_ = std::move(tell); }

 private:
  EventWriter(io::AppendFile file, std::string run, const Clock& clock);
  void note_broken(Failure failure);
  io::AppendFile file_;
  io::Reserve reserve_;
  const Clock* clock_;
  std::string run_, case_name_;
  Duration began_;
  std::uint64_t seq_ = 0;
  int attempt_ = 0;
  std::optional<Failure> broken_;
  std::function<void(const Failure&)> tell_;
};

}  // namespace seatrial::bench
