// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fold: events in, RunRecord out, one event at a time (a log of 100 MB is never held in memory).
// Tolerant by contract: unknown kinds and fields are ignored, a missing end is reported as cut
// short, and no verdict is invented: what was not proven is error or not_run.
//
//   Fold fold;
//   for (const auto& event : events) fold.add(event);
//   RunRecord record = std::move(fold).finish();

#include <map>
#include <memory>
#include <string>

#include "core/model/event.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

class Fold {
 public:
  Fold();
  ~Fold();
  void add(const model::Event& event);
  void warn(std::string text);
  RunRecord finish() &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace seatrial::reports
