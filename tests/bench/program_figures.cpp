// SPDX-License-Identifier: Apache-2.0
// The program itself, and what a case costs beyond what its device does.
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/io/file.hpp"
#include "tests/bench/figures.hpp"
#include "tests/e2e/tiny_image.hpp"

namespace seatrial::figures {
namespace fs = std::filesystem;

Result<> program_figures(const Scope& scope, Table& table) {
  std::vector<double> seatrial, nothing;
  for (int i = 0; i < (scope.quick ? 10 : 30); ++i)
    for (auto* times : {&nothing, &seatrial}) {
      auto run = times == &seatrial ? io::cmd((scope.bin / "seatrial").string()).arg("--version")
                                    : io::cmd("true");
      const auto began = Clock::system().monotonic();
      TRY(const auto said, output_of(std::move(run), std::chrono::minutes(1)));
      times->push_back(seconds(Clock::system().monotonic() - began) * 1000);
    }
  table.add({"seatrial --version", smallest(seatrial), "ms", 20, {}});
  table.add({"the same, median", median(seatrial), "ms", {}, {}});
  table.add({"/bin/true, started the same way", smallest(nothing), "ms", {}, {}});
  return {};
}

namespace {

/// Medians over the attempts of a run: the checkpoint step, and the whole case.
struct Spans {
  std::vector<double> checkpoint, whole;
};

Result<Spans> spans_of(const fs::path& run_folder) {
  Spans out;
  TRY(const auto log,
      model::for_each_event(run_folder / "events.jsonl", [&](const model::Event& event) {
        if (event.kind != "case_finished") return;
        out.checkpoint.push_back(event.number("setup_seconds"));
        out.whole.push_back(event.number("seconds"));
      }));
  (void)log;
  return out;
}

}  // namespace

Result<> overhead_figures(const Scope& scope, Table& table) {
  TRY(auto dir, io::TempDir::make("overhead"));
  TRY(const auto image, e2e::make_tiny_os(dir.path()));
  std::error_code error;
  fs::create_directory(dir.path() / "suites", error);
  fs::create_symlink(SEATRIAL_BINARY_DIR "/tests/scripted_suite", dir.path() / "suites/scripted",
                     error);
  if (error) return io::file_failure("link", dir.path() / "suites", error.value());
  auto run = io::cmd((scope.bin / "seatrial").string()).arg("run").arg("scripted.boots");
  run.arg("--image").arg(image.string()).arg("--repeat").arg(scope.quick ? "5" : "20");
  run.arg("--out").arg((dir.path() / "run").string()).arg("--quiet");
  run.env = {{"SEATRIAL_SUITES", (dir.path() / "suites").string()},
             {"SEATRIAL_CACHE", (dir.path() / "cache").string()}};
  TRY(const auto said, output_of(std::move(run), std::chrono::minutes(10)));
  TRY(const auto outside, seconds_outside_steps(dir.path() / "run"));
  TRY(const auto spans, spans_of(dir.path() / "run"));
  table.add({"a case beyond its steps (process, protocol, verdict), median",
             median(outside) * 1000,
             "ms",
             150,
             {}});
  table.add({"checkpoint fresh of the tiny OS (flash, configure), median",
             median(spans.checkpoint) * 1000,
             "ms",
             {},
             {}});
  table.add({"a whole case on the tiny OS, power-on included, median",
             median(spans.whole) * 1000,
             "ms",
             {},
             {}});
  return {};
}

}  // namespace seatrial::figures
