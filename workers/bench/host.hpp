// SPDX-License-Identifier: Apache-2.0
#pragma once
// BenchHost: runs one plan on one bench and writes the run's event log. One per process
// (seatrial-bench). Every way out leaves the bench safe: a normal end, an error, a cancel line on
// the control pipe or its end; after SIGKILL the guard does it. Control lines: "cancel" (finish
// with what there is), "kill" (the same, at once), "release" (end a hold).

#include <string>

#include "core/base/alarm.hpp"
#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/model/run_plan.hpp"

namespace seatrial::bench {

struct HostOptions {
  model::RunPlan plan;
  int control_fd = -1;  ///< lines from whoever started us; -1: none
};

/// Runs the plan. A failure means that the bench host itself could not do its job; verdicts are in
/// the event log.
Task<Result<>> run_plan(HostOptions options);

}  // namespace seatrial::bench
