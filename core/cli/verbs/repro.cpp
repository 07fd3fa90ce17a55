// SPDX-License-Identifier: Apache-2.0
// seatrial repro: a case of a run once more, with what it ran with then.
#include <fmt/core.h>

#include "core/base/text.hpp"
#include "core/cli/desk/place.hpp"
#include "core/cli/parse.hpp"
#include "core/cli/run/request.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "reports/headline.hpp"

namespace seatrial::cli {
namespace {

struct Wanted {
  std::string run, name;
};

/// RUN CASE, or the CASE of the newest run, or nothing: its first case that is not green.
Wanted wanted(const Invocation& call) {
  const auto& words = call.operands;
  if (words.size() == 2) return {words[0], words[1]};
  return {"", words.empty() ? "" : words[0]};
}

Result<const reports::Case*> find_case(const reports::RunRecord& record, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& one : record.cases) {
    known.push_back(one.full_name());
    const bool green = one.verdict == model::Verdict::pass || one.verdict == model::Verdict::skip;
    if (name.empty() ? !green : one.full_name() == name) return &one;
  }
  if (name.empty())
    return usage("every case of that run is green", "name the case that is to be repeated");
  return usage(fmt::format("that run has no case '{}'", name),
               did_you_mean(name, known) + " its cases: " + join(known, ", "));
}

/// What the user says now goes before what was said then.
std::vector<std::string> words_of(const reports::RunRecord& record, const reports::Case& of,
                                  const Invocation& call) {
  auto words = reports::repeat_words(record, {&of});
  for (const auto& [name, values] : call.values) {
    words.push_back("--" + name);
    if (!values.empty()) words.push_back(values.back());
  }
  return words;
}

Result<int> repro(const Invocation& call) {
  const auto [run, name] = wanted(call);
  TRY(const auto folder, run_folder(run));
  TRY(const auto record, reports::read_run_record(folder));
  TRY(const auto* const of, find_case(record, name));
  TRY(auto then, model::run_plan_from_file((folder / "plan.json").string()));
  const auto words = words_of(record, *of, call);
  TRY(const auto parsed, parse(words));
  const auto& again = std::get<Invocation>(parsed);
  if (!call.has("quiet")) fmt::print(stderr, "again: seatrial {}\n", join(words, " "));
  const auto installation = Installation::find();
  TRY(auto request, request_of(again, installation));
  request.then = std::move(then);
  return carry_out(again, installation, std::move(request));
}

}  // namespace

const Verb& repro_verb() {
  static const Verb verb{
      .name = "repro",
      .summary = "repeat a case of a run with what it ran with then",
      .operands = "[[RUN] CASE]",
      .most_operands = 2,
      .words = Words::runs,
      .description =
          "Runs a case of an earlier run again: same image, bundles, device type, profile, mutant "
          "and budgets, from the same checkpoint. RUN is a run folder or an id below ./runs, the "
          "default is the newest; CASE is SUITE.CASE, the default is the first that is not green. "
          "A case that was flaky is repeated as often as it ran.\n\n"
          "An image or a bundle that has changed since is refused: what was wrong then could be "
          "right now for a reason that has nothing to do with the case.",
      .options = {{"repeat", "N", "Run the case N times over."},
                  {"until-fail", "", "Repeat until it is not green (at most --repeat times)."},
                  {"hold-on-fail", "",
                   "Leave the device running for you when it is not green, as the desk bench."},
                  desk_option(),
                  {"out", "DIR", "Run folder; the default is runs/ID in the current folder.",
                   Words::folders},
                  {"format", "LIST", "Reports to write, by name with commas, or all.",
                   Words::formats},
                  {"json", "", "Print one JSON object, as 'seatrial run' does."},
                  {"quiet", "", "No progress."}},
      .examples = {{"seatrial repro", "The first case of the newest run that is not green."},
                   {"seatrial repro runs/latest update.good_update_is_kept --until-fail",
                    "Hunt it."}},
      .exits = "as those of 'seatrial run'",
      .run = repro};
  return verb;
}

}  // namespace seatrial::cli
