// SPDX-License-Identifier: Apache-2.0
#pragma once
// Scene: what is going on in a run right now, folded from its events as they come; what the
// displays draw. Times are the event log's own (seconds since the run began).

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/cli/run/durations.hpp"
#include "core/model/event.hpp"
#include "core/model/verdict.hpp"

namespace seatrial::cli {

struct SceneStep {
  std::string id, text;
  double began = 0, budget = 0;  ///< budget 0: none of its own
};

struct SceneCase {
  std::string name;
  int attempt = 1;
  double began = 0, budget = 0;
};

struct FinishedCase {
  std::string name;
  int attempt = 1;
  model::Verdict verdict = model::Verdict::not_run;
  double seconds = 0;
  std::string why, advice;  ///< "" for pass
};

class Scene {
 public:
  Scene(const std::vector<model::SuiteInfo>& suites, int repeat, const Durations& durations);

  /// The case that this event ended, when it ended one.
  std::optional<FinishedCase> apply(const model::Event& event);

  const std::optional<SceneCase>& running() const { return running_; }
  /// The outermost step that has not ended, and the innermost; nullptr between steps.
  const SceneStep* step() const { return steps_.empty() ? nullptr : &steps_.front(); }
  const SceneStep* inner_step() const { return steps_.empty() ? nullptr : &steps_.back(); }
  const std::string& progress() const { return progress_; }
  const model::Tally& tally() const { return tally_; }
  std::size_t done() const { return done_; }
  std::size_t total() const { return total_; }
  double budget_scale() const { return scale_; }
  double last_mono() const { return last_mono_; }
  bool held() const { return held_; }
  bool ended() const { return ended_; }
  /// Estimate of the rest at `now`.
  double seconds_left(double now) const;

 private:
  FinishedCase finish(const model::Event& event);

  std::map<std::string, double> expected_;  ///< of one attempt
  std::map<std::string, double> budgets_;
  double left_ = 0;  ///< expected seconds of the attempts to come
  std::optional<SceneCase> running_;
  std::vector<SceneStep> steps_;
  std::string progress_;
  model::Tally tally_;
  std::size_t done_ = 0, total_ = 0;
  double scale_ = 1, last_mono_ = 0;
  bool held_ = false, ended_ = false;
};

/// What to tell about a verdict that is not a pass: the failure's words, or the reason.
std::string why_of(const model::Event& case_finished);

}  // namespace seatrial::cli
