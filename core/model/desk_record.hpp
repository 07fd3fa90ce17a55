// SPDX-License-Identifier: Apache-2.0
#pragma once
// How people find the bench that stays for them: a file that its bench host writes (mode 0600, in a
// folder of the user's own) as long as it can be reached, and whoever starts the host or ends it
// reads. A lock beside it is held by the host for life: a record without a held lock is what a
// killed bench host leaves.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/result.hpp"

namespace seatrial::model {

inline constexpr int kDeskRecordSchema = 1;  ///< raised when an old reader would do the wrong thing

struct DeskRecord {
  int pid = 0;         ///< of the bench host
  int guard = 0;       ///< of its guard
  std::string run;     ///< id
  std::string folder;  ///< evidence of the run
  std::string socket;  ///< of the bench protocol
  std::string device, image, version;
  std::string since;  ///< ISO 8601, UTC
  std::string held;   ///< the case after which it is held, or "": it was started for people
};

/// Names inside the desk's folder.
inline constexpr const char* kDeskLock = "lock";
inline constexpr const char* kDeskRecord = "desk.json";

nlohmann::json to_json(const DeskRecord& record);
Result<DeskRecord> desk_record_from_file(const std::string& path);

}  // namespace seatrial::model
