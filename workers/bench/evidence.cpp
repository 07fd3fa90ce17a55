// SPDX-License-Identifier: Apache-2.0
// What is fetched from a DUT after a case went red: journal, failed units, state files. Best
// effort, bounded; whatever cannot be had is said in the event log, never a reason to change a
// verdict.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/redact.hpp"
#include "core/base/text.hpp"
#include "core/io/file.hpp"
#include "workers/bench/bench.hpp"

namespace seatrial::bench {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;

Task<> Bench::collect_evidence(std::string case_name, int attempt) {
  const auto state = co_await rig_->power().state();
  if (!state || *state != drivers::PowerState::on || !ssh_->connected()) {
    events_.write("note", json{{"level", "info"},
                               {"text", "no evidence was fetched from the DUT: it has no shell"}});
    co_return;
  }
  const fs::path relative = fs::path("evidence") / fmt::format("{}-{}", case_name, attempt);
  const fs::path folder = fs::path(parts_.plan.out) / relative;
  if (auto made = io::make_dirs(folder); !made) {
    events_.write("note", json{{"level", "warn"}, {"text", made.error().what()}});
    co_return;
  }
  for (const auto& [file, command] : os_->evidence()) {
    dut::RunRequest request(command, 20s);
    auto result = co_await shell().run(std::move(request));
    if (!result) {
      events_.write(
          "note",
          json{{"level", "warn"},
               {"text", fmt::format("{} could not be fetched: {}", file, result.error().what())}});
      co_return;
    }
    const auto content = redact(result->out);
    if (auto written = io::write_file_atomic(folder / file, content); written)
      events_.write("artifact", json{{"name", file},
                                     {"path", (relative / file).string()},
                                     {"media_type", "text/plain"},
                                     {"bytes", content.size()}});
  }
}

}  // namespace seatrial::bench
