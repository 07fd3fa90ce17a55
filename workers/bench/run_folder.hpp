// SPDX-License-Identifier: Apache-2.0
#pragma once
// The run folder as the bench host's own.

#include <filesystem>

#include "core/base/result.hpp"
#include "core/io/fd.hpp"

namespace seatrial::bench {

/// The run folder is ours while this lives, and our guard's until it has cleaned up after us:
/// bench.pid says who, and its lock that we do. Whoever finds the folder later, a restarted worker
/// say, can tell a run that goes on from one that was killed. Fails with "run.in_use".
Result<io::UniqueFd> own_run_folder(const std::filesystem::path& out);

/// Disks and saved memories are large, and with their device gone no evidence of anything.
void remove_disks(const std::filesystem::path& out);

}  // namespace seatrial::bench
