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
#include "reports/run_record.hpp"

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

using Records = std::map<std::string, reports::RunRecord>;

/// What a proof found, and where its evidence is.
struct Found {
  reports::RunRecord good;
  Records by_mutant;
  bool interrupted = false;
};

/// The records of an earlier proof. A mutant that it has no run of is one that was not run.
Result<Found> read_evidence(const fs::path& folder, const std::vector<ProofRun>& runs) {
  Found found;
  if (!fs::is_directory(folder / "good"))
    return usage(shown_path(folder) + " holds no proof: it has no folder \"good\"",
                 "give the folder that an earlier proof named as its evidence");
  TRY(found.good, reports::read_run_record(folder / "good"));
  for (const auto& run : runs) {
    const auto one = folder / run.mutant.name;
    if (!fs::is_directory(one)) continue;
    TRY(found.by_mutant[run.mutant.name], reports::read_run_record(one));
  }
  return found;
}

Result<Found> run_all(const Invocation& call, const Installation& installation,
                      const fs::path& folder, const std::vector<ProofRun>& runs,
                      const std::vector<model::SuiteInfo>& everything) {
  Found found;
  const auto display = display_for_stderr(call.has("quiet"));
  display->say(fmt::format("the good OS, then {} mutants", runs.size()));
  TRY(const auto good, one_run(call, installation, folder, {{}, everything}, *display));
  found.good = good.record;
  found.interrupted = good.exit_code() == model::exit_interrupted;
  for (const auto& run : runs) {
    if (found.interrupted) break;
    display->say("mutant " + run.mutant.name + ": " + run.mutant.description);
    TRY(const auto done, one_run(call, installation, folder, run, *display));
    found.interrupted = done.exit_code() == model::exit_interrupted;
    found.by_mutant[run.mutant.name] = done.record;
  }
  return found;
}

Result<int> prove(const Invocation& call) {
  const bool again = call.has("judge");
  if (again && (call.has("out") || call.has("device")))
    return usage("--judge runs nothing, so it takes no --out and no --device",
                 "leave them out; seatrial prove --help");
  const auto installation = Installation::find();
  TRY(const auto all, load_suites(installation, io::cache_root()));
  TRY(auto chosen, choose(all, call.operands));
  TRY(auto mutants, load_mutants(all, refos::default_data()));
  if (call.has("sample")) chosen = sample_of(chosen, mutants);
  if (chosen.empty()) return usage("none of these cases has a mutant", "seatrial list mutants");
  const auto runs = plan_proof(all, chosen, mutants, call.has("neighbours"));

  // Neighbours must be known green too, so the good run has every case of every run.
  auto patterns = case_names(chosen);
  for (const auto& run : runs)
    for (auto& name : case_names(run.cases)) patterns.push_back(std::move(name));
  TRY(const auto everything, choose(all, patterns));
  const auto made_now = (fs::path("runs") / ("prove-" + make_run_id(Clock::system()))).string();
  const auto folder = fs::absolute(again ? call.value("judge") : call.value("out", made_now));
  TRY(const auto found,
      again ? read_evidence(folder, runs) : run_all(call, installation, folder, runs, everything));
  const auto proof = judge(chosen, runs, found.good, found.by_mutant);
  if (!again) CHECK_OK(io::write_file_atomic(folder / "prove.json", to_json(proof).dump(2) + "\n"));
  if (call.has("json"))
    fmt::print("{}\n", to_json(proof).dump(2));
  else
    fmt::print("{}evidence: {}\n", to_text(proof, Terminal::of(1)), shown_path(folder));
  return found.interrupted ? int{model::exit_interrupted} : proof.exit_code();
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
          "For each case: green on the good OS, red on each of its mutants, with the verdict, the "
          "code, the words and the step that the mutant states. A case that no mutant turns red is "
          "not a test. "
          "The table shows every pair; evidence of every run is in runs/prove-ID.",
      .options = {{"sample", "", "One case with one mutant per suite."},
                  {"neighbours", "",
                   "Also run the other cases of the suite on each mutant; they "
                   "must stay green."},
                  {"device", "SLUG", "Device type.", Words::devices, "SEATRIAL_DEVICE"},
                  {"out", "DIR", "Folder of the evidence.", Words::folders},
                  {"judge", "DIR",
                   "Run nothing: judge the evidence of an earlier proof by what cases and mutants "
                   "say now.",
                   Words::folders},
                  {"json", "", "Print the table as one JSON object."},
                  {"quiet", "", "No progress."}},
      .examples = {{"seatrial prove smoke", "Every mutant of one suite."},
                   {"seatrial prove --sample", "A quick look at each suite."},
                   {"seatrial prove --judge runs/prove-ID", "The table again, in a second."}},
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
