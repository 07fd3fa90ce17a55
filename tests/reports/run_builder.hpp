// SPDX-License-Identifier: Apache-2.0
#pragma once
// RunBuilder: makes the folder of a run, event by event, for tests of the reports. Its clock moves
// only when told to. The folder is a fresh temporary one and goes with the builder.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/failure.hpp"
#include "reports/run_folder.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

class RunBuilder {
 public:
  RunBuilder();
  ~RunBuilder();
  RunBuilder(const RunBuilder&) = delete;
  RunBuilder& operator=(const RunBuilder&) = delete;

  RunBuilder& start(const std::vector<std::string>& cases, nlohmann::json more = {});
  RunBuilder& begin(const std::string& full_name, int attempt = 1, double budget = 60);
  RunBuilder& end(std::string_view verdict, nlohmann::json more = nlohmann::json::object());
  RunBuilder& finish(nlohmann::json more = nlohmann::json::object());
  /// The case and attempt of the events that follow, without an event of its own.
  RunBuilder& name(const std::string& full_name, int attempt = 1);
  RunBuilder& step(std::string_view text, double seconds, bool ok = true);
  RunBuilder& event(std::string_view kind, nlohmann::json data);
  RunBuilder& wait(double seconds);
  RunBuilder& line(std::string_view raw);       ///< a raw line in events.jsonl
  RunBuilder& console(std::string_view bytes);  ///< appended, with its index record
  RunBuilder& tear(std::size_t bytes);          ///< cuts the end of events.jsonl
  std::uint64_t console_size() const { return console_.size(); }

  /// Writes the files; may be called again after more events.
  const std::filesystem::path& write();
  RunRecord record();
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::string log_, console_, index_, case_;
  int attempt_ = 0, step_ = 0;
  std::uint64_t seq_ = 0;
  double now_ = 0, began_ = 0;
};

nlohmann::json failure_json(std::string_view code, Blame blame, std::string_view what,
                            std::string_view advice);
/// Text that tries to break out of everything.
std::string hostile();
/// A run whose every text is hostile().
void all_hostile(RunBuilder& build);
/// A run with one case of every verdict.
void every_verdict(RunBuilder& build);
std::string render(std::string_view format, RunBuilder& build);

}  // namespace seatrial::reports
