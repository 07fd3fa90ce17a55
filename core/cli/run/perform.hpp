// SPDX-License-Identifier: Apache-2.0
#pragma once
// One run from request to reports: choose cases, get images, write the plan, let a bench host do it
// while a display shows it, then render. `seatrial run` and `seatrial prove` are made of it.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/cli/images.hpp"
#include "core/cli/installation.hpp"
#include "core/cli/run/display.hpp"
#include "core/cli/run/host.hpp"
#include "core/cli/suites.hpp"
#include "reports/run_record.hpp"

namespace seatrial::cli {

struct RunRequest {
  std::vector<model::SuiteInfo> cases;  ///< chosen and in order
  ImageChoice image;                    ///< image "": the device type's default
  std::string device = "qemu-amd64";
  std::string profile;            ///< "" = the device type's
  std::filesystem::path folder;   ///< run folder; "" = runs/<id> in the current folder
  std::vector<std::string> argv;  ///< for the record
  std::vector<std::string> formats{"html", "junit"};
  int repeat = 1;
  bool until_fail = false, hold_on_fail = false;
  double budget_scale = 0;     ///< 0: measured
  std::filesystem::path desk;  ///< folder of the desk that the bench stays at; "": it does not
  /// The run that is repeated: images and bundles must be those ("repro.other_image").
  std::optional<model::RunPlan> then;
};

struct RunDone {
  reports::RunRecord record;
  std::filesystem::path folder;
  std::vector<std::filesystem::path> reports;
  HostEnd end;
  int exit_code() const;
};

/// Resolves what the request names and makes the run folder.
Result<model::RunPlan> make_plan(const Installation& installation, RunRequest& request,
                                 Display& display);

Result<RunDone> perform(const Installation& installation, RunRequest request, Display& display);

/// The newest run in ./runs, for verbs whose RUN may be left out.
Result<std::filesystem::path> latest_run();
/// A run by its folder, by its events.jsonl, or by its id below ./runs; "": the newest.
Result<std::filesystem::path> run_folder(const std::string& named);

}  // namespace seatrial::cli
