// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a bench host is told to do: one run on one bench. Written as JSON by `seatrial run` (and by
// a worker of the lab), read by the bench host. Everything is named by path and digest; nothing is
// looked up on the way. Keys that a reader does not know are what a newer writer says more.

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/case_info.hpp"

namespace seatrial::model {

inline constexpr int kRunPlanSchema = 1;  ///< raised when an old reader would do the wrong thing

struct FileRef {
  std::string name, version, path, digest;
};

struct RunPlan {
  std::string run;                ///< id
  std::int64_t epoch = 0;         ///< of the lease this run drives the bench by; 0: no lease
  std::string out;                ///< run folder (absolute); exists
  std::vector<std::string> argv;  ///< of the command that asked for it
  std::string device;             ///< path of device.json
  std::string profile;            ///< path of profile.json
  std::string bench;              ///< path of a bench file; "" = QEMU by the device type
  FileRef image;                  ///< image under test
  std::map<std::string, FileRef>
      files;           ///< "next", "next+init_broken", ...: bundles and other images by role
  std::string mutant;  ///< name of the mutant this run is made against, or ""
  std::vector<SuiteInfo> suites;  ///< only the chosen cases, in the order to run
  int repeat = 1;
  bool until_fail = false;
  bool hold_on_fail = false;  ///< keep the DUT running after a failure, for a person
  double budget_scale = 0;    ///< 0: measured by the bench host
  /// Folder of the desk that people reach this bench at (its lock and its record): at once and for
  /// as long as they want when there are no cases, from the first failure on with hold_on_fail.
  std::string desk;
  std::string cloud_program, guard_program, relay_program;  ///< children the bench host starts
  std::string cache;                                        ///< cache root
};

nlohmann::json to_json(const RunPlan& plan);
Result<RunPlan> run_plan_from_file(const std::string& path);

}  // namespace seatrial::model
