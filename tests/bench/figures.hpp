// SPDX-License-Identifier: Apache-2.0
#pragma once
// The figures of Seatrial itself, each group measured in one go: what is compared is run in turns,
// so that the load of the machine hits both, and the best of several turns counts.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/io/process.hpp"
#include "core/model/event.hpp"
#include "tests/bench/table.hpp"

namespace seatrial::figures {

struct Scope {
  bool quick = false;  ///< smaller sizes and fewer turns
  std::filesystem::path bin = SEATRIAL_BINARY_DIR "/bin";
  std::filesystem::path parts = SEATRIAL_BINARY_DIR "/benchmarks/parts";
  std::filesystem::path sources = SEATRIAL_SOURCE_DIR;
};

Result<> console_figures(const Scope& scope, Table& table);
Result<> disk_figures(const Scope& scope, Table& table);
Result<> program_figures(const Scope& scope, Table& table);
Result<> overhead_figures(const Scope& scope, Table& table);
Result<> boot_figures(const Scope& scope, Table& table);

/// What a program printed; a failure unless it ended well.
Result<std::string> output_of(io::Command command, std::chrono::minutes most);
/// Seconds of each attempt of a run that no step accounts for: suite process, protocol, verdict.
Result<std::vector<double>> seconds_outside_steps(const std::filesystem::path& run_folder);

}  // namespace seatrial::figures
