// SPDX-License-Identifier: Apache-2.0
#pragma once
// Starts the bench host for a plan, follows its event log as it grows (inotify, no polling) and
// passes on the user's wishes: the first Ctrl-C cancels, the second kills. Returns when the bench
// host and its guard have ended, or the host has begun to hold the DUT for a person. Blocking; has
// an io_context of its own.

#include <filesystem>
#include <functional>
#include <string>

#include "core/base/result.hpp"
#include "core/cli/run/display.hpp"
#include "core/cli/run/scene.hpp"
#include "core/model/run_plan.hpp"

namespace seatrial::cli {

struct HostEnd {
  bool interrupted = false;  ///< by the user
  bool held = false;         ///< the bench host goes on without us
  bool signalled = false;    ///< it was killed, or could not do its job
  std::string trouble;       ///< how it ended, when not in good order
};

/// Writes the plan and makes what the run folder needs before the bench host starts.
Result<> write_plan(const model::RunPlan& plan);

/// `program` is seatrial-bench. The run folder holds plan.json.
Result<HostEnd> run_bench_host(const std::filesystem::path& program, const model::RunPlan& plan,
                               Scene& scene, Display& display);

}  // namespace seatrial::cli
