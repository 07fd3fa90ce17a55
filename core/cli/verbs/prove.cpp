// SPDX-License-Identifier: Apache-2.0
// seatrial prove: case x mutant.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/cli/prove.hpp"
#include "core/cli/run/outcome.hpp"
#include "core/cli/run/perform.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "core/io/cache.hpp"
#include "core/io/file.hpp"
#include "fixtures/refos/builder.hpp"

namespace seatrial::cli {
namespace {

namespace fs = std::filesystem;

/// One run of a proof; `mutant` empty for the good OS.
Result<RunDone> one_run(const Invocation& call, const Installation& installation,
                        const fs::path& folder, const ProofRun& run, Display& display) {
  RunRequest request;
  request.cases = run.cases;
  request.device = call.value("device", request.device);
  request.image.mutant = run.mutant.name;
  request.image.mutant_in = run.mutant.applies_to;
  request.folder = folder / (run.mutant.name.empty() ? "good" : run.mutant.name);
  request.argv = {"seatrial"};
  request.argv.insert(request.argv.end(), call.argv.begin(), call.argv.end());
  return perform(installation, std::move(request), display);
}

Result<int> prove(const Invocation& call) {
  const auto installation = Installation::find();
  TRY(const auto all, load_suites(installation, io::cache_root()));
  TRY(auto chosen, choose(all, call.operands));
  TRY(auto mutants, load_mutants(all, refos::default_data()));
  if (call.has("sample")) chosen = sample_of(chosen, mutants);
  if (chosen.empty()) return usage("none of these cases has a mutant", "seatrial list mutants");
  auto runs = plan_proof(all, chosen, mutants, call.has("neighbours"));

  const auto folder = fs::absolute(
      call.value("out", (fs::path("runs") / ("prove-" + make_run_id(Clock::system()))).string()));
  const auto display = display_for_stderr(call.has("quiet"));
  display->say(fmt::format("the good OS, then {} mutants", runs.size()));
  // Neighbours must be known green too, so the good run has every case of every run.
  auto patterns = case_names(chosen);
  for (const auto& run : runs)
    for (auto& name : case_names(run.cases)) patterns.push_back(std::move(name));
  TRY(const auto everything, choose(all, patterns));
  TRY(const auto good, one_run(call, installation, folder, {{}, everything}, *display));
  std::map<std::string, reports::RunRecord> records;
  bool interrupted = good.exit_code() == model::exit_interrupted;
  for (const auto& run : runs) {
    if (interrupted) break;
    display->say("mutant " + run.mutant.name + ": " + run.mutant.description);
    TRY(const auto done, one_run(call, installation, folder, run, *display));
    interrupted = done.exit_code() == model::exit_interrupted;
    records[run.mutant.name] = done.record;
  }
  const auto proof = judge(chosen, runs, good.record, records);
  CHECK_OK(io::write_file_atomic(folder / "prove.json", to_json(proof).dump(2) + "\n"));
  if (call.has("json"))
    fmt::print("{}\n", to_json(proof).dump(2));
  else
    fmt::print("{}evidence: {}\n", to_text(proof, Terminal::of(1)), shown_path(folder));
  return interrupted ? int{model::exit_interrupted} : proof.exit_code();
}

}  // namespace

const Verb& prove_verb() {
  static const Verb verb{
      .name = "prove",
      .summary = "show that cases can fail: run them against deliberately broken systems",
      .operands = "[SUITE|SUITE.CASE|GLOB ...]",
      .most_operands = -1,
      .words = Words::cases,
      .description =
          "For each case: green on the good OS, red on each of its mutants, with the verdict and "
          "for the reason that the mutant states. A case that no mutant turns red is not a test. "
          "The table shows every pair; evidence of every run is in runs/prove-ID.",
      .options = {{"sample", "", "One case with one mutant per suite."},
                  {"neighbours", "",
                   "Also run the other cases of the suite on each mutant; they "
                   "must stay green."},
                  {"device", "SLUG", "Device type.", Words::devices, "SEATRIAL_DEVICE"},
                  {"out", "DIR", "Folder of the evidence.", Words::folders},
                  {"json", "", "Print the table as one JSON object."},
                  {"quiet", "", "No progress."}},
      .examples = {{"seatrial prove smoke", "Every mutant of one suite."},
                   {"seatrial prove --sample", "A quick look at each suite."}},
      .exits =
          "0    every chosen case is proven\n"
          "1    a mutant survived, or a case is red on the good OS, or has no mutant\n"
          "2    wrong usage or input\n"
          "3    some pairs could not be judged\n"
          "130  interrupted",
      .run = prove};
  return verb;
}

}  // namespace seatrial::cli
